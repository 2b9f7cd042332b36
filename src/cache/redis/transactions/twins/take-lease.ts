import type { Command } from "../../connection.js";
import { deadlineOf, HEAD_BYTES, LEASED, REST, readTime, tokenOf, writeHead } from "../head.js";
import type { Look, Plan } from "../twin.js";

export async function takeLease(
  look: Look,
  key: string,
  token: string,
  leaseMs: number,
  position: Buffer,
  seen: string,
  overHeld: number,
): Promise<Plan> {
  const [, time, head, lifeMs] = (await look(
    ["watch", key],
    ["time"],
    ["getrange", key, 0, HEAD_BYTES - 1],
    ["pttl", key],
  )) as [unknown, unknown, Buffer, number];
  const now = readTime(time);
  const isRecord = head.length === HEAD_BYTES;
  if (isRecord && seen !== "*") {
    const isHeld = head[0] !== REST && deadlineOf(head) > now;
    const mayTake =
      tokenOf(head) === seen ? !isHeld || overHeld === 1 : !isHeld && head[0] !== REST;
    if (!mayTake) return { reply: 0 };
  }
  const leased = Buffer.concat([writeHead(LEASED, token, now + leaseMs), position]);
  if (!isRecord) return { reply: 1, writes: [["set", key, leased, "PX", leaseMs]] };
  const writes: Command[] = [["setrange", key, 0, leased]];
  if (lifeMs < leaseMs) writes.push(["pexpire", key, leaseMs]);
  return { reply: 1, writes };
}
