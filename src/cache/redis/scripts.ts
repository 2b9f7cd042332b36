import { createHash } from "node:crypto";
import { readLua } from "./lua.js";

/** A Lua script of the folder `scripts`, where each has its own file and says there what it does. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
  /** True for one that may be run again behind others that had to be: it leaves the same. */
  readonly isRepeatable: boolean;
}

export const scripts = {
  takeLease: read("take-lease"),
  renewLease: read("renew-lease"),
  commitEntry: read("commit-entry"),
  releaseLease: read("release-lease"),
  deleteEntry: read("delete-entry"),
  claimTag: read("claim-tag"),
  positionTag: read("position-tag"),
  advanceLog: read("advance-log"),
  evictTag: read("evict-tag", true),
  fileEntry: read("file-entry"),
  freeEntries: read("free-entries"),
  nextFence: read("next-fence"),
  appendWrite: read("append-write"),
  buryWrite: read("bury-write"),
  retireStream: read("retire-stream"),
  dropConsumers: read("drop-consumers"),
  pinWrite: read("pin-write"),
  unpinWrite: read("unpin-write"),
} as const;

function read(name: string, isRepeatable = false): Script {
  const lua = readLua(name);
  return { name, lua, isRepeatable, sha: createHash("sha1").update(lua).digest("hex") };
}
