import { type Config, ConfigError } from "./config.js";
import type { Database } from "./origin/database.js";
import { EmailTakenError } from "./origin/errors.js";
import { ensureStaffAccount, resetStaffAccount, type StaffAccount } from "./services/accounts.js";
import type { Passwords } from "./services/passwords.js";

/** What to tell the operator, once: no log and no database has it. */
export interface MadeUpStaff {
  email: string;
  password: string;
}

/** The account's address where STAFF_EMAIL says none. */
const DEFAULT_EMAIL = "staff@pizzeria.example";

/**
 * Makes the staff account when it is missing. In production nothing is made up: without STAFF_EMAIL and
 * STAFF_PASSWORD none is made, and the log says so.
 * @throws ConfigError when the address is a customer's
 */
export async function prepareStaff(
  config: Config,
  database: Database,
  passwords: Passwords,
  log: { warn(message: string): void },
): Promise<MadeUpStaff | undefined> {
  const { staffEmail, staffPassword, environment } = config;
  const isGiven = staffEmail !== undefined && staffPassword !== undefined;
  if (environment === "production" && !isGiven) {
    log.warn("STAFF_EMAIL and STAFF_PASSWORD are not both set: no staff account is made");
    return undefined;
  }
  const email = staffEmail ?? DEFAULT_EMAIL;
  const account = await ensureStaffAccount({
    database,
    passwords,
    email,
    password: staffPassword,
  }).catch((error) => namingTheVariable(error, email));
  return madeUp(email, account);
}

/**
 * Sets a new password: STAFF_PASSWORD, or one made up.
 * @throws ConfigError when the address is a customer's
 */
export async function resetStaff(
  config: Config,
  database: Database,
  passwords: Passwords,
): Promise<{ customerId: string; email: string; madeUp: MadeUpStaff | undefined }> {
  const email = config.staffEmail ?? DEFAULT_EMAIL;
  const password = config.staffPassword;
  const account = await resetStaffAccount({ database, passwords, email, password }).catch((error) =>
    namingTheVariable(error, email),
  );
  return { customerId: account.customer.id, email, madeUp: madeUp(email, account) };
}

function namingTheVariable(error: unknown, email: string): never {
  if (!(error instanceof EmailTakenError)) throw error;
  throw new ConfigError(
    `STAFF_EMAIL must be an address that no customer signed up with, but ${JSON.stringify(email)} is a customer's`,
    { cause: error },
  );
}

function madeUp(email: string, account: StaffAccount): MadeUpStaff | undefined {
  const password = account.madeUpPassword;
  return password === undefined ? undefined : { email, password };
}
