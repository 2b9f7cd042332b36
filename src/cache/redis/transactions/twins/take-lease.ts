import type { Argument, Command } from "../../connection.js";
import { HEAD_BYTES, LEASED, REST } from "../../record.js";
import { deadlineOf, readTime, tokenOf, writeHead } from "../head.js";
import type { Look, Plan } from "../twin.js";

type Arguments = [token: string, leaseMs: number, position: Buffer, seen: string, overHeld: number];

/** Called with or without the name of W(k), which is watched as well: what is pinned after the look voids the lease. */
export async function takeLease(look: Look, key: string, ...given: Argument[]): Promise<Plan> {
  const args = given.slice(-5) as unknown as Arguments;
  const [token, leaseMs, position, seen, overHeld] = args;
  const pinNames = given.slice(0, -args.length) as string[];
  const [, time, head, lifeMs, pin] = (await look(
    ["watch", key, ...pinNames],
    ["time"],
    ["getrange", key, 0, HEAD_BYTES - 1],
    ["pttl", key],
    ...pinNames.map((name): Command => ["get", name]),
  )) as [unknown, unknown, Buffer, number, Buffer | null | undefined];
  // A sequence alone is what a pin leaves behind.
  const taken = pin && pin.length > 16 ? pin : 1;
  const now = readTime(time);
  const isRecord = head.length === HEAD_BYTES;
  if (isRecord && seen !== "*") {
    const isHeld = head[0] !== REST && deadlineOf(head) > now;
    const mayTake =
      tokenOf(head) === seen ? !isHeld || overHeld === 1 : !isHeld && head[0] !== REST;
    if (!mayTake) return { reply: 0 };
  }
  const leased = Buffer.concat([writeHead(LEASED, token, now + leaseMs), position]);
  if (!isRecord) return { reply: taken, writes: [["set", key, leased, "PX", leaseMs]] };
  const writes: Command[] = [["setrange", key, 0, leased]];
  if (lifeMs < leaseMs) writes.push(["pexpire", key, leaseMs]);
  return { reply: taken, writes };
}
