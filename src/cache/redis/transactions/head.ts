import type { Token } from "../../entry.js";
import { DEADLINE_AT, HEAD_BYTES, LEASED, TOKEN_AT } from "../record.js";

export function tokenOf(head: Buffer): Token {
  return head.toString("latin1", TOKEN_AT, DEADLINE_AT);
}

export function deadlineOf(head: Buffer): number {
  return head.readUIntBE(DEADLINE_AT, 6);
}

/** True for the head of a lease under this token, run out or not. */
export function isLeaseOf(head: Buffer, token: Token): boolean {
  return head.length === HEAD_BYTES && head[0] === LEASED && tokenOf(head) === token;
}

/** State, token and deadline: the part of a head that changes while a lease lives. */
export function writeHead(state: number, token: Token, deadlineMs: number): Buffer {
  return Buffer.concat([Buffer.of(state), Buffer.from(token, "latin1"), writeTime(deadlineMs)]);
}

/** Milliseconds since 1970 in six bytes. */
export function writeTime(ms: number): Buffer {
  const bytes = Buffer.allocUnsafe(6);
  bytes.writeUIntBE(ms, 0, 6);
  return bytes;
}

/** The reply to TIME, in milliseconds since 1970. */
export function readTime(reply: unknown): number {
  return Math.floor(readMicroseconds(reply) / 1000);
}

/** The reply to TIME, in microseconds since 1970. */
export function readMicroseconds(reply: unknown): number {
  const [seconds, microseconds] = (reply as unknown[]).map(Number) as [number, number];
  return seconds * 1_000_000 + microseconds;
}
