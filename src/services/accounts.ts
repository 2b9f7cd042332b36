import { randomBytes } from "node:crypto";
import {
  createCustomer,
  credentialsByEmail,
  ensureStaff,
  setPassword,
} from "../origin/customers.js";
import type { Queryable } from "../origin/database.js";
import type { CustomerRow } from "../origin/rows.js";
import { checkEmail, checkName, checkPassword, isEmail, isPassword } from "./account-input.js";
import { WrongCredentialsError } from "./errors.js";
import type { Passwords } from "./passwords.js";
import type { KeptPreferences, Preferences } from "./preferences.js";
import type { Session, Sessions } from "./sessions.js";
import type { SignInAttempts } from "./sign-in-attempts.js";

export interface SignedIn {
  token: string;
  session: Session;
}

/**
 * Signing up and in; both count as attempts of the client's address.
 * All throw TooManyAttemptsError, SessionUnavailableError and ServerBusyError.
 */
export interface Accounts {
  /** @throws BadInputError, and the origin's EmailTakenError */
  signUp(account: NewAccount, address: string): Promise<SignedIn>;
  /** @throws WrongCredentialsError, also when the password is changed while it is checked */
  signIn(credentials: { email: string; password: string }, address: string): Promise<SignedIn>;
}

export interface NewAccount {
  name: string;
  email: string;
  password: string;
}

export interface AccountsOptions {
  database: Queryable;
  passwords: Passwords;
  sessions: Sessions;
  attempts: SignInAttempts;
  preferences: Pick<KeptPreferences, "find">;
}

export function createAccounts(options: AccountsOptions): Accounts {
  const { database, passwords, sessions, attempts, preferences } = options;

  const begin = ({ id, role }: CustomerRow, liked: Preferences | null): Promise<SignedIn> =>
    sessions.create({ customerId: id, role, preferences: liked });

  return {
    async signUp(account, address) {
      const name = checkName(account.name);
      const email = checkEmail(account.email);
      const password = checkPassword(account.password);
      await attempts.count({ address });
      const passwordHash = await passwords.hash(password);
      return begin(await createCustomer(database, { name, email, passwordHash }), null);
    },
    async signIn({ email: given, password }, address) {
      const email = given.trim().normalize("NFC");
      await attempts.count({ address, email });
      // Nobody's password is longer: it is not worth the work, and tells nothing about any account.
      if (!isPassword(password)) throw new WrongCredentialsError();
      // PostgreSQL may take another letter, as the Turkish İ, for one of an address, and attempts were counted apart.
      const found = isEmail(email) ? await credentialsByEmail(database, email) : undefined;
      const isRight = await passwords.verify(password, found?.passwordHash);
      if (!isRight || found === undefined) throw new WrongCredentialsError();
      await attempts.forgive(email);
      const signedIn = await begin(found.customer, await preferences.find(found.customer.id));
      // Whoever changes a password ends the sessions after it. One that began later they missed, and it is ours to end.
      const now = await credentialsByEmail(database, email);
      if (now?.passwordHash === found.passwordHash) return signedIn;
      await sessions.end(signedIn.token);
      throw new WrongCredentialsError();
    },
  };
}

export interface StaffOptions {
  database: Queryable;
  passwords: Passwords;
  email: string;
  /** Default: one is made up. */
  password?: string | undefined;
}

export interface StaffAccount {
  customer: CustomerRow;
  /** Whether it was made, or its password set, now. */
  changed: boolean;
  /** The password, if it was made up now: nobody can tell it later. */
  madeUpPassword?: string;
}

/**
 * Makes the staff account if it is missing; one that exists keeps its password.
 * @throws BadInputError, and the origin's EmailTakenError when the address is a customer's
 */
export async function ensureStaffAccount(options: StaffOptions): Promise<StaffAccount> {
  const { database, passwords } = options;
  const email = checkEmail(options.email);
  const existing = await credentialsByEmail(database, email);
  // Hashing takes a fifth of a second, and nearly every start finds the account there.
  if (existing?.customer.role === "staff") return { customer: existing.customer, changed: false };

  const { password, madeUpPassword } = choosePassword(options.password);
  const passwordHash = await passwords.hash(password);
  const made = await ensureStaff(database, { name: "Staff", email, passwordHash });
  return {
    customer: made.customer,
    changed: made.created,
    ...(made.created && madeUpPassword !== undefined && { madeUpPassword }),
  };
}

/**
 * Gives the staff account a new password, and makes the account if it is missing. Its sessions live on: end them with
 * `sessions.endAll(customer.id)` after it, and not before, when a sign-in with the old password could still begin one.
 * @throws BadInputError, and the origin's EmailTakenError when the address is a customer's
 */
export async function resetStaffAccount(options: StaffOptions): Promise<StaffAccount> {
  const account = await ensureStaffAccount(options);
  if (account.changed) return account;
  const { password, madeUpPassword } = choosePassword(options.password);
  await setPassword(options.database, account.customer.id, await options.passwords.hash(password));
  return { ...account, changed: true, ...(madeUpPassword !== undefined && { madeUpPassword }) };
}

function choosePassword(given: string | undefined) {
  if (given !== undefined) return { password: checkPassword(given), madeUpPassword: undefined };
  const password = randomBytes(18).toString("base64url");
  return { password, madeUpPassword: password };
}
