import type { Command } from "../../connection.js";
import { onlyEntryOf } from "../../tag-version.js";
import type { Look, Plan } from "../twin.js";

/**
 * The index is not watched, or all that is filed under one tag would be in each other's way. So whatever is written to
 * it holds whatever has become of it: a member is added, and its life only ever lengthened.
 */
export async function fileEntry(
  look: Look,
  tag: string,
  index: string,
  nonce: string,
  key: string,
  lifeMs: number,
  longestOnlyKeyBytes: number,
  sampledFrom: number,
  sampleSize: number,
): Promise<Plan> {
  const [, text, tagLifeMs, size, indexLifeMs, sample] = (await look(
    ["watch", tag],
    ["get", tag],
    ["pttl", tag],
    ["scard", index],
    ["pttl", index],
    ["srandmember", index, sampleSize],
  )) as [unknown, Buffer | null, number, number, number, Buffer[]];
  const version = String(text ?? "");
  if (version.slice(0, 8) !== nonce) return { reply: 0 };
  const only = onlyEntryOf(version);
  const [head] = version.split("|");
  const longerMs = tagLifeMs < lifeMs ? Math.ceil(lifeMs * 1.25) : tagLifeMs;
  const members: string[] = [];
  const writes: Command[] = [];
  if (only === undefined && size === 0 && Buffer.byteLength(key) <= longestOnlyKeyBytes) {
    writes.push(["set", tag, `${head}|${key}`, "KEEPTTL"]);
  } else if (only !== key) {
    if (only !== undefined) {
      members.push(only);
      writes.push(["set", tag, head as string, "KEEPTTL"]);
    }
    members.push(key);
    writes.push(["sadd", index, ...members]);
  }
  if (tagLifeMs < lifeMs) writes.push(["pexpire", tag, longerMs]);
  if (size === 0 && members.length === 0) return { reply: [], writes };
  writes.push(["pexpire", index, longerMs, "NX"]);
  if (indexLifeMs < longerMs) writes.push(["pexpire", index, longerMs, "GT"]);
  return { reply: size + members.length < sampledFrom ? [] : sample, writes };
}
