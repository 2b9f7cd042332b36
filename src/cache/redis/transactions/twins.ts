import type { scripts } from "../scripts.js";
import type { Twin } from "./twin.js";
import { advanceLog } from "./twins/advance-log.js";
import { appendWrite } from "./twins/append-write.js";
import { buryWrite } from "./twins/bury-write.js";
import { claimTag } from "./twins/claim-tag.js";
import { commitEntry } from "./twins/commit-entry.js";
import { deleteEntry } from "./twins/delete-entry.js";
import { dropConsumers } from "./twins/drop-consumers.js";
import { evictTag } from "./twins/evict-tag.js";
import { fileEntry } from "./twins/file-entry.js";
import { freeEntries } from "./twins/free-entries.js";
import { nextFence } from "./twins/next-fence.js";
import { pinWrite } from "./twins/pin-write.js";
import { positionTag } from "./twins/position-tag.js";
import { releaseLease } from "./twins/release-lease.js";
import { renewLease } from "./twins/renew-lease.js";
import { retireStream } from "./twins/retire-stream.js";
import { takeLease } from "./twins/take-lease.js";
import { unpinWrite } from "./twins/unpin-write.js";

/** Each script's twin, in a file of the script's name. */
export const twins = {
  takeLease,
  renewLease,
  commitEntry,
  releaseLease,
  deleteEntry,
  claimTag,
  positionTag,
  advanceLog,
  evictTag,
  fileEntry,
  freeEntries,
  nextFence,
  appendWrite,
  buryWrite,
  retireStream,
  dropConsumers,
  pinWrite,
  unpinWrite,
} as const satisfies Record<keyof typeof scripts, Twin>;
