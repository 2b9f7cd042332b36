import { type App, createApp } from "./app.js";
import { readConfig } from "./config.js";
import { explainStartError } from "./http/start-errors.js";

/** Supervisors give 10 s, and kill without saying what hung. */
const CLOSE_WITHIN_MS = 9_500;

let app: App | undefined;
try {
  app = await createApp(readConfig(process.env));
  // First: the account is made, and whatever fails from here on, no other start could tell its password.
  announceStaff(app);
  const url = await app.listen();
  closeOnSignals(app);
  process.stdout.write(`The pizzeria is open at ${url}\n`);
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  exitInTime();
  await app?.close().catch(() => {}); // Why it did not start has been told.
  process.exit(1);
}

/** To the terminal and past the log, which is kept and may be read by others. */
function announceStaff({ madeUpStaff }: App): void {
  if (madeUpStaff === undefined) return;
  process.stdout.write(
    `Staff sign in as ${madeUpStaff.email} with the password ${madeUpStaff.password}\n` +
      "(shown this once; npm run reset-staff makes a new one)\n",
  );
}

/** SIGTERM and SIGINT let requests in flight finish; a second one doesn't. */
function closeOnSignals(app: App): void {
  let isClosing = false;
  const close = async (signal: NodeJS.Signals) => {
    if (isClosing) process.exit(1);
    isClosing = true;
    app.log.info(`${signal}: closing`);
    exitInTime();
    try {
      await app.close();
      process.exit(0);
    } catch (error) {
      app.log.error({ err: error }, "could not close in order");
      process.exit(1);
    }
  };
  process.on("SIGTERM", close);
  process.on("SIGINT", close);
}

/** Whatever does not answer, as a database that the network lost, ends with the process. */
function exitInTime(): void {
  setTimeout(() => {
    process.stderr.write(
      `The close must end within ${CLOSE_WITHIN_MS / 1_000} s, but something does not answer: exiting without it\n`,
    );
    process.exit(1);
  }, CLOSE_WITHIN_MS).unref();
}
