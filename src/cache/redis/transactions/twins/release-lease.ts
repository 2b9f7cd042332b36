import type { Command } from "../../connection.js";
import { HEAD_BYTES, PASS, REST } from "../../record.js";
import { isLeaseOf, readTime, writeHead } from "../head.js";
import type { Look, Plan } from "../twin.js";

export async function releaseLease(
  look: Look,
  key: string,
  token: string,
  passMs: number,
  channel: string,
): Promise<Plan> {
  const [, time, head, length, lifeMs] = (await look(
    ["watch", key],
    ["time"],
    ["getrange", key, 0, HEAD_BYTES - 1],
    ["strlen", key],
    ["pttl", key],
  )) as [unknown, unknown, Buffer, number, number];
  if (!isLeaseOf(head, token)) return { reply: 0 };
  const hasBody = length > HEAD_BYTES;
  const writes: Command[] = [];
  if (passMs > 0) {
    writes.push(["setrange", key, 0, writeHead(PASS, token, readTime(time) + passMs)]);
    if (!hasBody || lifeMs < passMs) writes.push(["pexpire", key, passMs]);
  } else if (hasBody) {
    writes.push(["setrange", key, 0, Buffer.of(REST)]);
  } else {
    writes.push(["del", key]);
  }
  return { reply: 1, writes, publish: [channel, ""] };
}
