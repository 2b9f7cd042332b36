import { createHash, randomBytes } from "node:crypto";

/** A token, which is told once, and the id under which its session is kept. */
export function newToken(): { token: string; id: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, id: digest(token) };
}

/** Undefined for what cannot be a token of ours: nobody is asked about it. */
export function idOf(token: string): string | undefined {
  return /^[\w-]{43}$/.test(token) ? digest(token) : undefined;
}

/** Who can read the storage still cannot speak for anybody. A token has 256 random bits, so it needs no salt. */
function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
