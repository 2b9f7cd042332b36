import type { Look, Plan } from "../twin.js";

export async function pinWrite(
  look: Look,
  key: string,
  sequence: string,
  rest: Buffer,
  lifeMs: number,
): Promise<Plan> {
  const [, start, length] = await look(["watch", key], ["getrange", key, 0, 15], ["strlen", key]);
  const found = String(start);
  if (found > sequence || (found === sequence && length === 16)) return { reply: 0 };
  const pin = Buffer.concat([Buffer.from(sequence), Buffer.from(rest)]);
  return { reply: 1, writes: [["set", key, pin, "PX", lifeMs]] };
}
