import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { createLimiter } from "./limiter.js";

export interface Passwords {
  /** As `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`. @throws ServerBusyError */
  hash(password: string): Promise<string>;
  /**
   * Whether the password is the one encoded. Without an encoded one, or with one that is none of ours, it is false,
   * after as much work: time must not tell which accounts exist.
   * @throws ServerBusyError
   */
  verify(password: string, encoded: string | null | undefined): Promise<boolean>;
}

export interface PasswordsOptions {
  /** Costs of new hashes: 2^ln rounds over blocks of r, p times. Default 15, 8, 3 (32 MiB, some 0.2 s), as OWASP advises. */
  cost?: ScryptCost;
  /** Default 2: each keeps a thread of the pool and 32 MiB busy, and the pool of four also serves files and names. */
  maxRunning?: number;
  /** Default 64: beyond that the last would wait for more than 5 s. */
  maxWaiting?: number;
}

export interface ScryptCost {
  ln: number;
  r: number;
  p: number;
}

interface Encoded {
  cost: ScryptCost;
  salt: Buffer;
  hash: Buffer;
}

const hashBytes = 32;
const saltBytes = 16;
const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

export function createPasswords(options: PasswordsOptions = {}): Passwords {
  const { cost = { ln: 15, r: 8, p: 3 }, maxRunning = 2, maxWaiting = 64 } = options;
  const limited = createLimiter({ maxRunning, maxWaiting });
  /** No password is known to give these bytes. */
  const nobody: Encoded = { cost, salt: randomBytes(saltBytes), hash: randomBytes(hashBytes) };

  return {
    hash: (password) =>
      limited(async () => {
        const salt = randomBytes(saltBytes);
        return encode({ cost, salt, hash: await run(password, { cost, salt }) });
      }),
    verify: (password, encoded) =>
      limited(async () => {
        const { hash, ...expected } = decode(encoded) ?? nobody;
        return timingSafeEqual(await run(password, expected), hash);
      }),
  };
}

function run(password: string, { cost, salt }: Omit<Encoded, "hash">): Promise<Buffer> {
  const { ln, r, p } = cost;
  // One password can be typed as different code points on different devices.
  return derive(password.normalize("NFKC"), salt, hashBytes, {
    N: 2 ** ln,
    r,
    p,
    maxmem: 256 * 2 ** ln * r,
  });
}

function encode({ cost: { ln, r, p }, salt, hash }: Encoded): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${toBase64(salt)}$${toBase64(hash)}`;
}

/** Undefined for what is none of ours, or would cost more than anything we made. */
function decode(encoded: string | null | undefined): Encoded | undefined {
  const match =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/.exec(
      encoded ?? "",
    );
  if (match === null) return undefined;
  const [ln = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  if (ln < 1 || ln > 20 || r < 1 || r > 32 || p < 1 || p > 16) return undefined;
  const [salt = "", hash = ""] = match.slice(4);
  return {
    cost: { ln, r, p },
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

function toBase64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
