import type { Command } from "../../connection.js";
import { DEADLINE_AT, HEAD_BYTES } from "../../record.js";
import { deadlineOf, isLeaseOf, readTime, writeTime } from "../head.js";
import type { Look, Plan } from "../twin.js";

export async function renewLease(
  look: Look,
  key: string,
  token: string,
  leaseMs: number,
): Promise<Plan> {
  const [, time, head, lifeMs] = (await look(
    ["watch", key],
    ["time"],
    ["getrange", key, 0, HEAD_BYTES - 1],
    ["pttl", key],
  )) as [unknown, unknown, Buffer, number];
  const now = readTime(time);
  if (!isLeaseOf(head, token) || deadlineOf(head) <= now) return { reply: 0 };
  const writes: Command[] = [["setrange", key, DEADLINE_AT, writeTime(now + leaseMs)]];
  if (lifeMs < leaseMs) writes.push(["pexpire", key, leaseMs]);
  return { reply: 1, writes };
}
