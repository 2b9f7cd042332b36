import type { Look, Plan } from "../twin.js";

export async function pinWrite(
  look: Look,
  key: string,
  sequence: string,
  rest: Buffer,
  lifeMs: number,
): Promise<Plan> {
  const [, pinned] = await look(["watch", key], ["getrange", key, 0, 15]);
  if (String(pinned) > sequence) return { reply: 0 };
  const pin = Buffer.concat([Buffer.from(sequence), Buffer.from(rest)]);
  return { reply: 1, writes: [["set", key, pin, "PX", lifeMs]] };
}
