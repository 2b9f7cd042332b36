import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** A Lua script of the folder `scripts`, where each has its own file and says there what it does. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
  readonly keys: number;
}

export const scripts = {
  takeLease: read("take-lease", 1),
  renewLease: read("renew-lease", 1),
  commitEntry: read("commit-entry", 1),
  releaseLease: read("release-lease", 1),
  deleteEntry: read("delete-entry", 1),
  claimTag: read("claim-tag", 1),
  positionTag: read("position-tag", 1),
  advanceLog: read("advance-log", 1),
  evictTag: read("evict-tag", 3),
  fileEntry: read("file-entry", 2),
  freeEntry: read("free-entry", 1),
  nextFence: read("next-fence", 1),
} as const;

function read(name: string, keys: number): Script {
  const lua = readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), "utf8");
  return { name, lua, keys, sha: createHash("sha1").update(lua).digest("hex") };
}
