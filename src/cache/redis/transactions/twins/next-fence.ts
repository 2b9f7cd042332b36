import { readMicroseconds } from "../head.js";
import type { Look, Plan } from "../twin.js";

export async function nextFence(look: Look, counter: string, lifeMs: number): Promise<Plan> {
  const [, time, last] = await look(["watch", counter], ["time"], ["get", counter]);
  const fence = String(Math.max(Number(last ?? 0) + 1, readMicroseconds(time)));
  return { reply: fence, writes: [["set", counter, fence, "PX", lifeMs]] };
}
