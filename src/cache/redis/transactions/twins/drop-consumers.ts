import type { Command } from "../../connection.js";
import type { Look, Plan } from "../twin.js";

/** Who takes something in hand is not seen by WATCH; who puts it there first is. */
export async function dropConsumers(
  look: Look,
  stream: string,
  group: string,
  ...consumers: string[]
): Promise<Plan> {
  const [, exists, length] = await look(["watch", stream], ["exists", stream], ["xlen", stream]);
  if (exists === 0 || Number(length) > 0) return { reply: 0 };
  const writes = consumers.map((one): Command => ["xgroup", "delconsumer", stream, group, one]);
  return { reply: 1, writes };
}
