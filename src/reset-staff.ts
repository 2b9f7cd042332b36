import { openBackends } from "./backends.js";
import { readConfig } from "./config.js";
import { createLogger } from "./http/logger.js";
import { explainStartError } from "./http/start-errors.js";
import { SessionUnavailableError } from "./services/errors.js";
import { createPasswords } from "./services/passwords.js";
import { createSessions } from "./services/sessions.js";
import { resetStaff } from "./staff.js";

const SESSIONS_LIVE_ON =
  "The password is changed, but sessions begun with the old one live on: Redis must answer to end them; run npm run reset-staff again when it does.";

/** `npm run reset-staff`: gives the staff account a new password, and ends the sessions begun with the old one. */
try {
  const config = readConfig(process.env);
  const log = createLogger(config.environment);
  const backends = await openBackends(config, log);
  let exitCode = 0;
  try {
    const { customerId, email, madeUp } = await resetStaff(
      config,
      backends.database,
      createPasswords(),
    );
    process.stdout.write(
      madeUp
        ? `Staff sign in as ${email} with the password ${madeUp.password} (shown this once)\n`
        : `Staff sign in as ${email} with the password that STAFF_PASSWORD holds\n`,
    );
    await createSessions({ storage: backends.storage })
      .endAll(customerId)
      .catch((error) => {
        if (!(error instanceof SessionUnavailableError)) throw error;
        process.stderr.write(`${SESSIONS_LIVE_ON}\n`);
        exitCode = 1;
      });
  } finally {
    await backends.close();
  }
  process.exit(exitCode);
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  process.exit(1);
}
