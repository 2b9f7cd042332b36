import type { Command } from "../../connection.js";
import { onlyEntryOf } from "../../tag-version.js";
import type { Look, Plan } from "../twin.js";

export async function evictTag(
  look: Look,
  tag: string,
  indexBase: string,
  pending: string,
  nonce: string,
  lifeMs: number,
  channel: string,
  name: string,
  positionOrLog: string,
): Promise<Plan> {
  const hasLog = !POSITION.test(positionOrLog);
  const reading: Command[] = hasLog
    ? [
        ["watch", positionOrLog],
        ["get", positionOrLog],
      ]
    : [];
  const [, old, oldLifeMs, , log] = await look(
    ["watch", tag],
    ["get", tag],
    ["pttl", tag],
    ...reading,
  );
  const [, epoch, n, rest] = /^([0-9a-f]+):(\d+)(@.*)$/i.exec(String(log ?? "")) ?? [];
  if (hasLog && epoch === undefined) {
    throw new Error("ERR the eviction log was lost in the middle of an eviction");
  }
  const position = hasLog ? `${epoch}:${Number(n) + 1}` : positionOrLog;
  const writes: Command[] = [["set", tag, `${nonce}e${position}`, "PX", lifeMs]];
  if (hasLog) writes.push(["set", positionOrLog, position + rest, "KEEPTTL"]);
  const told = { publish: [channel, ` ${name}`] as const, ...(hasLog && { position }) };
  if (!old) return { reply: [0, "", position], writes, ...told };
  const index = indexBase + String(old).slice(0, 8);
  const only = onlyEntryOf(String(old));
  // Watched as well: what is filed from here on is counted, and freed, by another try.
  const [, size, indexLifeMs, isMember] = (await look(
    ["watch", index],
    ["scard", index],
    ["pttl", index],
    ["sismember", index, only ?? ""],
  )) as [unknown, number, number, number];
  const hasOne = only !== undefined;
  const members = size + (hasOne && isMember === 0 ? 1 : 0);
  const longestMs = hasOne ? Math.max(indexLifeMs, oldLifeMs as number) : indexLifeMs;
  if (hasOne) {
    writes.push(["sadd", index, only]);
    if (indexLifeMs < longestMs) writes.push(["pexpire", index, longestMs]);
  }
  if (members > 0) writes.push(["rpush", pending, index]);
  // The list is shared with other tags and not watched: NX and GT only ever lengthen its life.
  if (members > 0 && longestMs > 0) {
    writes.push(["pexpire", pending, longestMs, "NX"], ["pexpire", pending, longestMs, "GT"]);
  }
  return { reply: [members, index, position], writes, ...told };
}

const POSITION = /^[0-9a-f]+:\d+$/i;
