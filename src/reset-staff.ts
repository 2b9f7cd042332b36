import { openBackends } from "./backends.js";
import { readConfig } from "./config.js";
import { createLogger } from "./http/logger.js";
import { explainStartError } from "./http/start-errors.js";
import { createPasswords } from "./services/passwords.js";
import { createSessions } from "./services/sessions.js";
import { resetStaff } from "./staff.js";

/** `npm run reset-staff`: gives the staff account a new password, and ends the sessions begun with the old one. */
try {
  const config = readConfig(process.env);
  const log = createLogger(config.environment);
  const backends = await openBackends(config, log);
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
    await createSessions({ storage: backends.storage }).endAll(customerId);
  } finally {
    await backends.close();
  }
  process.exit(0);
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  process.exit(1);
}
