import type { Argument, Command } from "../../connection.js";
import { readMicroseconds } from "../head.js";
import type { Look, Plan } from "../twin.js";

export async function appendWrite(
  look: Look,
  queue: string,
  room: number,
  group: string,
  deadlineMs: number,
  ...fields: Argument[]
): Promise<Plan> {
  const [, time, pending, exists] = (await look(
    ["watch", queue],
    ["time"],
    ["xlen", queue],
    ["exists", queue],
  )) as [unknown, unknown, number, number];
  if (readMicroseconds(time) / 1000 > deadlineMs) return { reply: "late" };
  if (pending >= room) return { reply: "" };
  const last = exists === 1 ? lastOf(await look(["xinfo", "stream", queue])) : 0;
  const place = String(Math.max(readMicroseconds(time), last + 1));
  const creation: Command[] =
    exists === 1 ? [] : [["xgroup", "create", queue, group, "0", "mkstream"]];
  return {
    reply: place,
    writes: [...creation, ["xadd", queue, `${place}-0`, ...fields], ["persist", queue]],
  };
}

function lastOf([info]: unknown[]): number {
  const flat = info as unknown[];
  const at = flat.findIndex((name) => String(name) === "last-generated-id");
  return Number(String(flat[at + 1]).split("-")[0]);
}
