import type { Look, Plan } from "../twin.js";

export async function retireStream(look: Look, stream: string, lifeMs: number): Promise<Plan> {
  const [, length] = (await look(["watch", stream], ["xlen", stream])) as [unknown, number];
  return length > 0 ? { reply: 0 } : { writes: [["pexpire", stream, lifeMs]] };
}
