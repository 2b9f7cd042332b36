import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EmailTakenError } from "../../src/origin/errors.js";
import {
  type Accounts,
  createAccounts,
  ensureStaffAccount,
  resetStaffAccount,
} from "../../src/services/accounts.js";
import {
  BadInputError,
  SessionUnavailableError,
  TooManyAttemptsError,
  WrongCredentialsError,
} from "../../src/services/errors.js";
import { createPasswords } from "../../src/services/passwords.js";
import type { Preferences } from "../../src/services/preferences.js";
import { createSessions, type Sessions } from "../../src/services/sessions.js";
import { createSignInAttempts } from "../../src/services/sign-in-attempts.js";
import { createMemoryStorage, createRedisStorage, type Storage } from "../../src/storage/index.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";
import { createGate } from "../support/gate.js";
import { startRedis } from "../support/redis-server.js";
import { type StorageUnderTest, storageKinds } from "../support/storages.js";

/** What customers like, as far as anybody knows. */
const none: Preferences = { language: null, vegetarian: null, favouriteItems: [] };
let kept = none;

const passwords = createPasswords({ cost: { ln: 4, r: 1, p: 1 } });

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh[Symbol.asyncDispose]());

function createOn(storage: Storage): { accounts: Accounts; sessions: Sessions } {
  const sessions = createSessions({ storage });
  const attempts = createSignInAttempts({ storage });
  const { database } = fresh;
  const preferences = { find: async () => kept };
  return {
    sessions,
    accounts: createAccounts({ database, passwords, sessions, attempts, preferences }),
  };
}

let made = 0;
const newEmail = () => `someone-${++made}@example.org`;
const address = "10.0.0.1";

describe.each(storageKinds)("accounts with sessions on $kind", ({ start }) => {
  let under: StorageUnderTest;
  let accounts: Accounts;
  let sessions: Sessions;
  beforeAll(async () => {
    under = await start();
    ({ accounts, sessions } = createOn(under.storage));
  });
  afterAll(() => under[Symbol.asyncDispose]());

  test("signing up opens a session, and signing in another of the same customer", async () => {
    const account = { name: " Ada ", email: ` ${newEmail()} `, password: " secret-1 " };
    const first = await accounts.signUp(account, address);
    expect(first.session).toMatchObject({ role: "customer", cart: [] });
    expect(await sessions.find(first.token)).toMatchObject({
      customerId: first.session.customerId,
    });

    const email = account.email.toUpperCase();
    const second = await accounts.signIn({ email, password: account.password }, address);
    expect(second.session.customerId).toBe(first.session.customerId);
    expect(second.token).not.toBe(first.token);

    const [row] = await fresh.database.query<{
      name: string;
      email: string;
      password_hash: string;
    }>("SELECT name, email, password_hash FROM customers WHERE id = $1", [
      first.session.customerId,
    ]);
    expect(row).toMatchObject({ name: "Ada", email: account.email.trim() });
    expect(row?.password_hash).not.toContain("secret-1");
  });

  test("signing in begins a session with what the customer is known to like", async () => {
    const account = { name: "Ada", email: newEmail(), password: "secret-1" };
    const first = await accounts.signUp(account, address);
    expect(first.session.preferences).toEqual(none);
    expect((await accounts.signIn(account, address)).session.preferences).toEqual(none);
    kept = { language: "pt-BR", vegetarian: false, favouriteItems: ["harbour"] };
    const { token, session } = await accounts.signIn(account, address);
    expect(session.preferences).toEqual(kept);
    expect((await sessions.find(token))?.preferences).toEqual(kept);
    kept = none;
  });

  test("a wrong password and an unknown address are the same error", async () => {
    const email = newEmail();
    await accounts.signUp({ name: "Ada", email, password: "right password" }, address);
    const errors = await Promise.all(
      [
        { email, password: "wrong password" },
        { email: newEmail(), password: "right password" },
        { email, password: "short" },
        { email, password: "x".repeat(10_000) },
        { email: "no address", password: "right password" },
        { email: "nul\0@example.org", password: "right password" },
      ].map((credentials) => accounts.signIn(credentials, address).catch((error) => error)),
    );
    for (const error of errors) expect(error).toBeInstanceOf(WrongCredentialsError);
    expect(new Set(errors.map((error) => error.message)).size).toBe(1);
  });

  test("an account without a password cannot be signed in to", async () => {
    const email = newEmail();
    await fresh.database.query(
      "INSERT INTO customers (name, email, password_hash, role) VALUES ('Nobody', $1, NULL, 'customer')",
      [email],
    );
    await expect(accounts.signIn({ email, password: "any password" }, address)).rejects.toThrow(
      WrongCredentialsError,
    );
  });

  test("of two who sign up with one address at once, one gets it", async () => {
    const email = newEmail();
    const account = { name: "Ada", email, password: "secret-1" };
    const results = await Promise.allSettled([
      accounts.signUp(account, address),
      accounts.signUp({ ...account, email: email.toUpperCase() }, address),
    ]);
    const [refused] = results.filter((one) => one.status === "rejected");
    expect(results.filter((one) => one.status === "fulfilled")).toHaveLength(1);
    expect(refused?.reason).toBeInstanceOf(EmailTakenError);
  });

  test.each([
    ["an empty name", { name: "  " }],
    ["a name too long", { name: "é".repeat(101) }],
    ["a name of two lines", { name: "a\nb" }],
    ["half of a character in the name", { name: "a\ud800" }],
    ["no address", { email: "ada" }],
    ["an address too long", { email: `${"a".repeat(243)}@example.org` }],
    ["an address with a NUL", { email: "a\0@example.org" }],
    ["a password too short", { password: "1234567" }],
    ["a password too long", { password: "x".repeat(201) }],
    ["a password far too long", { password: "x".repeat(100_000) }],
  ])("refuses %s, and makes no account", async (_, wrong) => {
    const account = { name: "Ada", email: newEmail(), password: "secret-1", ...wrong };
    await expect(accounts.signUp(account, address)).rejects.toBeInstanceOf(BadInputError);
    const rows = await fresh.database.query("SELECT 1 FROM customers WHERE email = $1", [
      account.email.replace("\0", ""),
    ]);
    expect(rows).toEqual([]);
  });

  test("takes names, addresses and passwords of just the length, counted in characters", async () => {
    const account = { name: "🍕".repeat(100), email: newEmail(), password: "🍕".repeat(200) };
    await accounts.signUp(account, address);
    await accounts.signIn(account, address);
    const email = newEmail();
    const longest = email.padStart(254, "a");
    const other = { name: "a", email: longest, password: "8 signs!" };
    await accounts.signUp(other, address);
  });

  test("guessing at one account ends soon, from wherever, even with the right password at last", async () => {
    const account = { name: "Ada", email: newEmail(), password: "right password" };
    await accounts.signUp(account, address);
    const guess = (i: number) =>
      accounts.signIn({ email: account.email, password: `wrong guess ${i}` }, `10.0.1.${i}`);
    const guesses = await Promise.allSettled(Array.from({ length: 15 }, (_, i) => guess(i)));
    const reasons = guesses.map((one) => (one.status === "rejected" ? one.reason : undefined));
    expect(reasons.filter((one) => one instanceof WrongCredentialsError)).toHaveLength(10);
    expect(reasons.filter((one) => one instanceof TooManyAttemptsError)).toHaveLength(5);
    await expect(accounts.signIn(account, "10.0.2.1")).rejects.toBeInstanceOf(TooManyAttemptsError);

    await under.advanceSeconds(900);
    await accounts.signIn(account, "10.0.2.1");
  });

  test("another spelling of an address, which PostgreSQL may take for it, is no way around that", async () => {
    const account = { name: "V", email: `vivi.${newEmail()}`, password: "right password" };
    await accounts.signUp(account, address);
    const email = account.email.replace("vivi", "v\u0130vi");
    await expect(accounts.signIn({ ...account, email }, address)).rejects.toBeInstanceOf(
      WrongCredentialsError,
    );
  });

  test.each(["checked", "taken for right"] as const)(
    "a password that is reset while it is %s opens no session, nor leaves one",
    async (when) => {
      const staff = { email: newEmail(), password: "old password" };
      const options = { database: fresh.database, passwords, email: staff.email };
      const { customer } = await ensureStaffAccount({ ...options, password: staff.password });
      const held = createGate();
      const tokens: string[] = [];
      const racing = createAccounts({
        database: fresh.database,
        attempts: createSignInAttempts({ storage: under.storage }),
        passwords: {
          ...passwords,
          async verify(password, encoded) {
            if (when === "checked") await held.pass();
            return passwords.verify(password, encoded);
          },
        },
        preferences: {
          async find() {
            if (when === "taken for right") await held.pass();
            return kept;
          },
        },
        sessions: {
          ...sessions,
          async create(account) {
            const begun = await sessions.create(account);
            tokens.push(begun.token);
            return begun;
          },
        },
      });

      const signingIn = racing.signIn(staff, address).catch((error) => error);
      await held.arrived;
      await resetStaffAccount({ ...options, password: "new password" });
      await sessions.endAll(customer.id);
      held.open();
      expect(await signingIn).toBeInstanceOf(WrongCredentialsError);
      expect(tokens).toHaveLength(1);
      expect(await sessions.find(tokens[0]!)).toBeNull();
      expect(await sessions.endAll(customer.id)).toBe(0);
    },
  );

  test("a session that began before the reset is ended by it, though its sign-in is under way", async () => {
    const staff = { email: newEmail(), password: "old password" };
    const options = { database: fresh.database, passwords, email: staff.email };
    const { customer } = await ensureStaffAccount({ ...options, password: staff.password });
    const begun = createGate();
    const racing = createAccounts({
      database: fresh.database,
      attempts: createSignInAttempts({ storage: under.storage }),
      passwords,
      preferences: { find: async () => kept },
      sessions: {
        ...sessions,
        async create(account) {
          const session = await sessions.create(account);
          await begun.pass();
          return session;
        },
      },
    });
    const signingIn = racing.signIn(staff, address).catch((error) => error);
    await begun.arrived;
    await resetStaffAccount({ ...options, password: "new password" });
    expect(await sessions.endAll(customer.id)).toBe(1);
    begun.open();
    expect(await signingIn).toBeInstanceOf(WrongCredentialsError);
    expect(
      (await accounts.signIn({ ...staff, password: "new password" }, address)).session.role,
    ).toBe("staff");
  });

  test("signing in often with the right password is no guessing", async () => {
    const account = { name: "Ada", email: newEmail(), password: "right password" };
    await accounts.signUp(account, "10.0.3.1");
    for (let i = 0; i < 12; i += 1) await accounts.signIn(account, "10.0.3.1");
  });
});

test("an attempt that is one too many is refused before its password is worth any work", async () => {
  const storage = createMemoryStorage();
  const hash = vi.fn(passwords.hash);
  const verify = vi.fn(passwords.verify);
  const accounts = createAccounts({
    database: fresh.database,
    passwords: { hash, verify },
    sessions: createSessions({ storage }),
    attempts: createSignInAttempts({ storage, maxPerAddress: 0 }),
    preferences: { find: async () => none },
  });
  const account = { name: "Ada", email: newEmail(), password: "right password" };
  await expect(accounts.signUp(account, address)).rejects.toThrow(TooManyAttemptsError);
  await expect(accounts.signIn(account, address)).rejects.toThrow(TooManyAttemptsError);
  expect([hash.mock.calls, verify.mock.calls]).toEqual([[], []]);
});

test("an address that is nobody's costs a sign-in as much work as another, and an impossible password none", async () => {
  const storage = createMemoryStorage();
  const verify = vi.fn(passwords.verify);
  const accounts = createAccounts({
    database: fresh.database,
    passwords: { ...passwords, verify },
    sessions: createSessions({ storage }),
    attempts: createSignInAttempts({ storage }),
    preferences: { find: async () => none },
  });
  const failing = (password: string) =>
    expect(accounts.signIn({ email: newEmail(), password }, address)).rejects.toThrow(
      WrongCredentialsError,
    );
  await failing("any password");
  expect(verify).toHaveBeenCalledExactlyOnceWith("any password", undefined);
  await failing("x".repeat(201));
  expect(verify).toHaveBeenCalledOnce();
});

describe("the staff account", () => {
  const options = (email: string, password?: string) => {
    return { database: fresh.database, passwords, email, password };
  };
  const signIn = (email: string, password: string) =>
    createOn(createMemoryStorage()).accounts.signIn({ email, password }, address);

  test("is made once, with a password that is told once", async () => {
    const email = newEmail();
    const starts = await Promise.all([
      ensureStaffAccount(options(email)),
      ensureStaffAccount(options(email)),
    ]);
    const told = starts.flatMap(({ madeUpPassword }) => madeUpPassword ?? []);
    expect(told).toHaveLength(1);
    expect(starts.filter(({ changed }) => changed)).toHaveLength(1);
    expect((await signIn(email, told[0]!)).session.role).toBe("staff");
    const later = await ensureStaffAccount(options(email));
    expect(later).toEqual({ customer: starts[0]!.customer, changed: false });
  });

  test("costs a later start no hashing", async () => {
    const email = newEmail();
    await ensureStaffAccount(options(email, "given password"));
    const hash = vi.fn(passwords.hash);
    await ensureStaffAccount({ ...options(email), passwords: { ...passwords, hash } });
    expect(hash).not.toHaveBeenCalled();
  });

  test("takes a given password, tells none, and keeps it when another is given later", async () => {
    const email = newEmail();
    const made = await ensureStaffAccount(options(email, "given password"));
    expect(made).toMatchObject({ changed: true, customer: { role: "staff" } });
    expect(made).not.toHaveProperty("madeUpPassword");
    await ensureStaffAccount(options(email, "later password"));
    await signIn(email, "given password");
  });

  test("is given a new password by a reset", async () => {
    const email = newEmail();
    await ensureStaffAccount(options(email, "given password"));
    const { madeUpPassword, changed } = await resetStaffAccount(options(email));
    expect(changed).toBe(true);
    await signIn(email, madeUpPassword!);
    await expect(signIn(email, "given password")).rejects.toThrow(WrongCredentialsError);

    const fresh = newEmail();
    const reset = await resetStaffAccount(options(fresh, "first password"));
    expect(reset).not.toHaveProperty("madeUpPassword");
    await signIn(fresh, "first password");
  });

  test("is never a customer's account", async () => {
    const email = newEmail();
    await fresh.database.query(
      "INSERT INTO customers (name, email, role) VALUES ('A', $1, 'customer')",
      [email],
    );
    await expect(ensureStaffAccount(options(email))).rejects.toBeInstanceOf(EmailTakenError);
    await expect(resetStaffAccount(options(email))).rejects.toBeInstanceOf(EmailTakenError);
  });

  test("refuses a password or an address that cannot be", async () => {
    await expect(ensureStaffAccount(options(newEmail(), "short"))).rejects.toThrow(BadInputError);
    await expect(ensureStaffAccount(options("staff"))).rejects.toThrow(BadInputError);
  });
});

test("without Redis nobody signs up or in, and no account is made", async () => {
  await using server = await startRedis();
  const storage = createRedisStorage({ redis: server.client(), commandTimeoutMs: 100 });
  await server.kill();
  const { accounts } = createOn(storage);
  const account = { name: "Ada", email: newEmail(), password: "secret-1" };
  await expect(accounts.signUp(account, address)).rejects.toThrow(SessionUnavailableError);
  await expect(accounts.signIn(account, address)).rejects.toThrow(SessionUnavailableError);
  const rows = await fresh.database.query("SELECT 1 FROM customers WHERE email = $1", [
    account.email,
  ]);
  expect(rows).toEqual([]);
});
