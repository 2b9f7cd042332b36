import { createApp } from "../../../src/app.js";
import { readConfig } from "../../../src/config.js";

/** The pizzeria's server, which is to be killed. `KILL_CHECK_RELAY=off`: with its outbox written and never delivered. */
const app = await createApp(readConfig(process.env), {
  relay: process.env.KILL_CHECK_RELAY !== "off",
  // As good as any here, at a thousandth of the time.
  passwords: { cost: { ln: 4, r: 8, p: 1 } },
});
process.stdout.write(`open at ${await app.listen()}\n`);
