import { StoreUnavailableError } from "../errors.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Keys } from "./keys.js";
import { scripts } from "./scripts.js";

/** Frees what evictions made invalid, in bounded batches, in the background. */
export interface Freeing {
  /** Frees one generation of a tag's index and the entries in it. */
  free(index: string, pendingList: string): void;
  /** Frees what processes that died left behind. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

const MEMBERS_AT_ONCE = 100;
/** Entries that one command looks at, where they need not lie in one slot: in half the time that a command each would take. */
const ENTRIES_A_COMMAND = 20;
/** Of many that are evicted at once; the others wait, or evictions would wait behind what these send. */
const GENERATIONS_AT_ONCE = 16;
const SWEEP_EVERY_MS = 60_000;

/** The index of one generation of a tag, and the list that names it until it is freed. */
interface Generation {
  readonly index: string;
  readonly pendingList: string;
}

/**
 * A generation is freed member by member, and leaves the list of those pending only when it is empty. A process that
 * dies in the middle leaves it to the next sweep of any other; what two free at once is freed once.
 */
export function createFreeing(connection: Connection, keys: Keys): Freeing {
  const running = new Set<Promise<void>>();
  const waiting: Generation[] = [];
  let atWork = 0;
  let isClosed = false;
  const timer = setInterval(() => track(sweep()), SWEEP_EVERY_MS);
  timer.unref();

  function track(work: Promise<void>): void {
    // What fails stays pending, and expires with its entries at the latest.
    const settled = work.catch(() => {}).finally(() => running.delete(settled));
    running.add(settled);
  }

  async function freeWaiting(): Promise<void> {
    atWork += 1;
    for (let next = waiting.pop(); next && !isClosed; next = waiting.pop()) {
      // It stays pending, and the others need not.
      await freeIndex(next).catch(() => {});
    }
    atWork -= 1;
  }

  async function freeIndex({ index, pendingList }: Generation): Promise<void> {
    const nonce = index.slice(-8);
    let cursor = "0";
    do {
      const reply = await connection.send("sscan", index, cursor, "COUNT", MEMBERS_AT_ONCE);
      const [next, names] = reply as [Buffer, Buffer[]];
      for (let from = 0; from < names.length && !isClosed; from += MEMBERS_AT_ONCE) {
        const members = names.slice(from, from + MEMBERS_AT_ONCE).map(String);
        const groups = inGroups(
          members.map(keys.entry),
          connection.isCluster ? 1 : ENTRIES_A_COMMAND,
        );
        const frees = groups.map((group) => evaluate(scripts.freeEntries, group, nonce));
        const forget: Command = ["srem", index, ...members];
        if (connection.isCluster) {
          // Of other nodes than the index, one of which may be lost: what is not freed yet stays named.
          const replies = await connection.sendAll(frees);
          const failure = replies.find((one) => one instanceof StoreUnavailableError);
          if (failure) throw failure;
          await connection.send(...forget);
        } else await connection.sendAll([...frees, forget]);
      }
      cursor = String(next);
    } while (cursor !== "0" && !isClosed);
    if (!isClosed) await connection.send("lrem", pendingList, 0, index);
  }

  async function sweep(): Promise<void> {
    const lists = keys.allPending();
    const replies = await connection.sendAll(
      lists.map((list) => ["lrange", list, 0, MEMBERS_AT_ONCE - 1]),
    );
    for (const [position, reply] of replies.entries()) {
      if (!Array.isArray(reply)) continue;
      const pendingList = lists[position] as string;
      for (const index of reply) await freeIndex({ index: String(index), pendingList });
    }
  }

  return {
    free(index, pendingList) {
      waiting.push({ index, pendingList });
      if (atWork < GENERATIONS_AT_ONCE) track(freeWaiting());
    },
    sweep,
    async close() {
      isClosed = true;
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let from = 0; from < items.length; from += size) groups.push(items.slice(from, from + size));
  return groups;
}
