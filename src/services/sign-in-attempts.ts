import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type { Storage } from "../storage/index.js";
import { TooManyAttemptsError } from "./errors.js";
import { needsSessions } from "./session-storage.js";

export interface SignInAttempts {
  /**
   * Counts an attempt before it is made: many at once, as aliases of one request, count each.
   * @throws TooManyAttemptsError, SessionUnavailableError
   */
  count(attempt: Attempt): Promise<void>;
  /** Forgets an account's attempts: its owner has signed in. The address's stay. */
  forgive(email: string): Promise<void>;
}

export interface Attempt {
  /** The client's address. */
  address: string;
  /** The account's, where the attempt is at one that may exist. */
  email?: string;
}

export interface SignInAttemptsOptions {
  storage: Storage;
  /** Default 10. */
  maxPerAccount?: number;
  /** Default 100: a household, or a company behind one address, signs in from there. */
  maxPerAddress?: number;
  /** Length of the window, which begins with the first attempt. Default 900. */
  windowSeconds?: number;
}

export function createSignInAttempts(options: SignInAttemptsOptions): SignInAttempts {
  const { storage, maxPerAccount = 10, maxPerAddress = 100, windowSeconds = 900 } = options;
  const byAccount = storage.counter("attempts-by-account", { ttlSeconds: windowSeconds });
  const byAddress = storage.counter("attempts-by-address", { ttlSeconds: windowSeconds });

  async function count(counter: typeof byAccount, id: string, max: number): Promise<void> {
    const { value, remainingSeconds } = await counter.increment(id);
    if (value > max) throw new TooManyAttemptsError(Math.max(1, Math.ceil(remainingSeconds)));
  }

  return {
    count: ({ address, email }) =>
      needsSessions(async () => {
        // The address first: one that is shut out cannot shut accounts out with it.
        await count(byAddress, addressKey(address), maxPerAddress);
        if (email !== undefined) await count(byAccount, accountKey(email), maxPerAccount);
      }),
    forgive: (email) =>
      needsSessions(async () => {
        await byAccount.delete(accountKey(email));
      }),
  };
}

/** Of one length whatever was sent, and no address book for who can read the storage. */
function accountKey(email: string): string {
  return createHash("sha256").update(email.trim().toLowerCase()).digest("base64url");
}

/** An IPv6 network of 64 bits counts as one: its owner has them all. */
function addressKey(address: string): string {
  const v4 = /^::ffff:(?<v4>[\d.]+)$/i.exec(address)?.groups?.v4 ?? address;
  if (isIPv4(v4)) return v4;
  const [plain = ""] = address.split("%");
  if (!isIPv6(plain)) return "unknown";
  // URL writes every address in its one shortest form.
  const [head = "", tail = ""] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return `${[...left, ...zeros, ...right].slice(0, 4).join(":")}::/64`;
}
