import type { Look, Plan } from "../twin.js";

export async function unpinWrite(
  look: Look,
  key: string,
  sequence: string,
  keptMs: number,
): Promise<Plan> {
  const [, start, length] = await look(["watch", key], ["getrange", key, 0, 15], ["strlen", key]);
  const found = String(start);
  const isPinned = Number(length) > 16;
  if (found > sequence) return { reply: isPinned ? -1 : 0 };
  const reply = isPinned && found === sequence ? 1 : 0;
  return { reply, writes: [["set", key, sequence, "PX", keptMs]] };
}
