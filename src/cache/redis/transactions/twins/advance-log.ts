import type { Look, Plan } from "../twin.js";

export async function advanceLog(
  look: Look,
  log: string,
  newEpoch: string,
  lifeMs: number,
  by: number,
): Promise<Plan> {
  // Who may not ask for INFO goes without the server's mark, as in the script.
  const asking = look(["info", "replication"]).catch(() => [""]);
  const [, text] = await look(["watch", log], ["get", log]);
  const [info] = await asking;
  const [, server = ""] = /master_replid:([0-9a-f]{8})/i.exec(String(info)) ?? [];
  const [, epoch, n, writer] = /^([0-9a-f]+):(\d+)@([0-9a-f]*)$/i.exec(String(text ?? "")) ?? [];
  const position = writer === server ? `${epoch}:${Number(n) + by}` : `${newEpoch}:${by}`;
  return { reply: position, writes: [["set", log, `${position}@${server}`, "PX", lifeMs]] };
}
