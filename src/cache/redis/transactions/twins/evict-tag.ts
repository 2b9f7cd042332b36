import type { Command } from "../../connection.js";
import type { Look, Plan } from "../twin.js";

export async function evictTag(
  look: Look,
  tag: string,
  indexBase: string,
  pending: string,
  version: string,
  lifeMs: number,
  channel: string,
  message: string,
): Promise<Plan> {
  const [, old] = await look(["watch", tag], ["get", tag]);
  const writes: Command[] = [["set", tag, version, "PX", lifeMs]];
  const publish = [channel, message] as const;
  if (!old) return { reply: [0, ""], writes, publish };
  const index = indexBase + String(old).slice(0, 8);
  // Watched as well: what is filed from here on is counted, and freed, by another try.
  const [, members, indexLifeMs] = (await look(
    ["watch", index],
    ["zcard", index],
    ["pttl", index],
  )) as [unknown, number, number];
  if (members > 0) writes.push(["rpush", pending, index]);
  // The list is shared with other tags and not watched: NX and GT only ever lengthen its life.
  if (members > 0 && indexLifeMs > 0) {
    writes.push(["pexpire", pending, indexLifeMs, "NX"], ["pexpire", pending, indexLifeMs, "GT"]);
  }
  return { reply: [members, index], writes, publish };
}
