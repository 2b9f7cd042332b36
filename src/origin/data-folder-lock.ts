import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { lock } from "proper-lockfile";
import { DataFolderLockedError } from "./errors.js";

export interface DataFolderLock {
  /** Throws DataFolderLockedError once the lock was lost to another process. */
  check(): void;
  release(): Promise<void>;
}

/**
 * How long a lock that nobody renews still counts, unless its owner is known to be dead.
 * Long, because the embedded database runs on the main thread and can hold up renewals for seconds.
 */
const STALE_MS = 20_000;
/** The same for a lock whose owner is dead: the least the lock's library allows. */
const ABANDONED_MS = 2_000;

/**
 * Makes this process the only one that uses `folder`, which must exist.
 * A living owner refuses us at once; the lock of a killed process is taken over within three seconds.
 *
 * @throws DataFolderLockedError
 */
export async function lockDataFolder(
  folder: string,
  onLost: (error: DataFolderLockedError) => void,
): Promise<DataFolderLock> {
  const ownerFile = join(folder, "owner.json");
  const owner = await readOwner(ownerFile);
  const abandoned = owner !== undefined && isDead(owner, folder);
  let lost: DataFolderLockedError | undefined;

  const unlock = await lock(folder, {
    lockfilePath: join(folder, "lock"),
    stale: abandoned ? ABANDONED_MS : STALE_MS,
    update: 1_000,
    retries: abandoned ? { retries: 40, factor: 1, minTimeout: 100 } : 0,
    onCompromised: (cause) => {
      lost = new DataFolderLockedError(
        `The data folder ${folder} must be used by one process at a time, and this one lost its lock.`,
        cause,
      );
      onLost(lost);
    },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ELOCKED") throw error;
    const by = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
    throw new DataFolderLockedError(
      `The data folder ${folder} must be used by one process at a time; ${by} has it open.`,
    );
  });

  held.add(resolve(folder));
  await writeFile(ownerFile, JSON.stringify({ pid: process.pid, host: hostname() }));
  return {
    check: () => {
      if (lost !== undefined) throw lost;
    },
    release: async () => {
      held.delete(resolve(folder));
      await unlock().catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ERELEASED" && error.code !== "ENOTACQUIRED") throw error;
      });
    },
  };
}

/** Folders this process has locked: in a container every process may well have the same id. */
const held = new Set<string>();

interface Owner {
  pid: number;
  host: string;
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(file, "utf8"));
    return isOwner(owner) ? owner : undefined;
  } catch {
    return undefined; // Absent, or cut short by a crash: then only the lock's age tells.
  }
}

function isOwner(value: unknown): value is Owner {
  if (typeof value !== "object" || value === null) return false;
  const { pid, host } = value as Partial<Owner>;
  return Number.isSafeInteger(pid) && typeof host === "string";
}

function isDead(owner: Owner, folder: string): boolean {
  if (owner.host !== hostname()) return false;
  if (owner.pid === process.pid) return !held.has(resolve(folder));
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
