import { HEAD_BYTES, REST } from "../../record.js";
import { deadlineOf, isLeaseOf, readTime, writeHead, writeTime } from "../head.js";
import type { Look, Plan } from "../twin.js";

export async function commitEntry(
  look: Look,
  key: string,
  token: string,
  body: Buffer,
  lifeMs: number,
  channel: string,
  largestPush: number,
  age: Buffer,
): Promise<Plan> {
  const [, time, head] = (await look(
    ["watch", key],
    ["time"],
    ["getrange", key, 0, HEAD_BYTES - 1],
  )) as [unknown, unknown, Buffer];
  const now = readTime(time);
  // A lease may run out between this look and the write; that nobody took it meanwhile is what the watch sees to.
  if (!isLeaseOf(head, token) || deadlineOf(head) <= now) return { reply: 0 };
  const rest = Buffer.concat([writeHead(REST, token, 0), age, writeTime(now), body]);
  const pushed = rest.length <= largestPush ? rest : "";
  return { reply: now, writes: [["set", key, rest, "PX", lifeMs]], publish: [channel, pushed] };
}
