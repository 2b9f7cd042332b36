import type { Look, Plan } from "../twin.js";

/** Unconditional, so it watches nothing and no race can be lost. */
export async function deleteEntry(_look: Look, key: string, channel: string): Promise<Plan> {
  return { writes: [["unlink", key]], publish: [channel, ""] };
}
