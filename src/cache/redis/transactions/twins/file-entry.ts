import type { Command } from "../../connection.js";
import { readTime } from "../head.js";
import type { Look, Plan } from "../twin.js";

/** Of those that expired, so many are trimmed at a time. */
const TRIMMED_AT_ONCE = 10;

/**
 * The index is not watched, or all that is filed under one tag would be in each other's way. So whatever is written to
 * it holds whatever has become of it: members go by their score, and its life is only ever lengthened.
 */
export async function fileEntry(
  look: Look,
  tag: string,
  index: string,
  nonce: string,
  key: string,
  lifeMs: number,
): Promise<Plan> {
  const [, version, time, tagLifeMs, indexLifeMs, oldest] = await look(
    ["watch", tag],
    ["get", tag],
    ["time"],
    ["pttl", tag],
    ["pttl", index],
    ["zrange", index, 0, TRIMMED_AT_ONCE, "WITHSCORES"],
  );
  if (String(version ?? "").slice(0, 8) !== nonce) return { reply: 0 };
  const now = readTime(time);
  const longerMs = Math.ceil(lifeMs * 1.25);
  const writes: Command[] = [["zadd", index, now + lifeMs, key]];
  const trimTo = lastExpired(oldest as Buffer[], key, now);
  if (trimTo !== undefined) writes.push(["zremrangebyscore", index, "-inf", trimTo]);
  if ((tagLifeMs as number) < lifeMs) writes.push(["pexpire", tag, longerMs]);
  writes.push(["pexpire", index, longerMs, "NX"]);
  if ((indexLifeMs as number) < lifeMs) writes.push(["pexpire", index, longerMs, "GT"]);
  return { reply: 1, writes };
}

/** The score of the last to be trimmed. Whoever has been filed anew meanwhile has a higher one. */
function lastExpired(oldest: readonly Buffer[], filed: string, now: number): number | undefined {
  const scores: number[] = [];
  for (let at = 0; at < oldest.length; at += 2) {
    const goesAt = Number(oldest[at + 1]);
    if (goesAt <= now && String(oldest[at]) !== filed) scores.push(goesAt);
  }
  return scores.slice(0, TRIMMED_AT_ONCE).at(-1);
}
