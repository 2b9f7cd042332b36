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
  if (found > sequence) return { reply: isPinned ? -1 : 2 };
  const isItsOwn = found === sequence;
  const reply = isItsOwn ? (isPinned ? 1 : 2) : 0;
  if (keptMs > 0) return { reply, writes: [["set", key, sequence, "PX", keptMs]] };
  return isItsOwn && isPinned ? { reply, writes: [["del", key]] } : { reply };
}
