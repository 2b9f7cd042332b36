import type { Connection } from "./connection.js";

/** One that lives, and had nothing to do for so long, is a consumer again as soon as it has. */
const IDLE_MS = 24 * 60 * 60_000;
const AT_ONCE = 1_000;

/** Some consumers that were not heard of for a day: processes that were killed, and could not leave. */
export async function idleConsumers(
  connection: Connection,
  stream: string,
  group: string,
): Promise<string[]> {
  const reply = (await connection.send("xinfo", "CONSUMERS", stream, group)) as unknown[][];
  const idle = reply.map(toConsumer).filter((one) => Number(one.idle) > IDLE_MS);
  return idle.slice(0, AT_ONCE).map(({ name }) => name);
}

/** Names and values, one after the other. */
function toConsumer(fields: unknown[]): { name: string; idle: string } {
  const pairs = Array.from({ length: fields.length / 2 }, (_, i) => [
    String(fields[2 * i]),
    String(fields[2 * i + 1]),
  ]);
  return Object.fromEntries(pairs);
}
