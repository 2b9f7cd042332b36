import type { Look, Plan } from "../twin.js";

export async function unpinWrite(look: Look, key: string, sequence: string): Promise<Plan> {
  const [, reply] = await look(["watch", key], ["getrange", key, 0, 15]);
  const pinned = String(reply);
  if (pinned > sequence) return { reply: -1 };
  return { reply: pinned === sequence ? 1 : 0, writes: [["unlink", key]] };
}
