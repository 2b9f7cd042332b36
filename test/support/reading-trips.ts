import { scripts } from "../../src/cache/redis/scripts.js";
import type { Trip } from "./counting-proxy.js";

const { positionTag, commitEntry, fileEntry, releaseLease } = scripts;
const COMMITTING = new Set([positionTag, commitEntry, fileEntry, releaseLease].map((s) => s.sha));

/** Reads and leases; not the commits after the loads. */
export function isOfReading({ sent }: Trip): boolean {
  const commands = sent.matchAll(/\*\d+\r\n\$\d+\r\n([a-z]+)\r\n(?:\$40\r\n([0-9a-f]{40})\r\n)?/gi);
  return [...commands].some(([, name = "", sha = ""]) =>
    /^evalsha$/i.test(name) ? !COMMITTING.has(sha) : /^(m?get|set|eval|time)$/i.test(name),
  );
}
