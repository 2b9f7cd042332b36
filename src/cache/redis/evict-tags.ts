import { StoreError } from "../errors.js";
import type { Position } from "../position.js";
import { randomId } from "../random.js";
import type { EvictionReceipt } from "../store.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Freeing } from "./freeing.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import { scripts } from "./scripts.js";
import { evictedVersion, onlyEntryOf, writeLogPosition } from "./tag-version.js";

/**
 * How long a version made by an eviction is kept where nothing is filed under it. Long enough for the fills that
 * follow at once; without it the next one makes a version of its own, which is as good.
 */
const EVICTED_TAG_LIFE_MS = 1000;

/** Tags in one round trip of an eviction. */
const TAGS_AT_ONCE = 500;

export type EvictTags = (tags: readonly string[]) => Promise<EvictionReceipt>;

/**
 * Advances the log, then gives the tags new versions at that position. On one server that is one round trip; on a
 * cluster, where the log may be on another node, it is two.
 */
export function createEvictTags(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  freeing: Freeing,
): EvictTags {
  /** @param position undefined where the script is to take it from the log, which stands on the same server */
  function evictCommand(tag: string, position: Position | undefined): Command {
    return evaluate(
      scripts.evictTag,
      [keys.tag(tag), keys.indexBase(tag), keys.pending(tag)],
      randomId(),
      EVICTED_TAG_LIFE_MS,
      keys.evictions,
      position ? writeLogPosition(position) : "",
      keys.log,
    );
  }

  /** How many members the tags had, which are now to be freed. */
  function beginFreeing(tags: readonly string[], replies: readonly unknown[]): number {
    let entries = 0;
    for (const [index, reply] of replies.entries()) {
      if (reply instanceof StoreError) throw reply;
      const [members, generation] = reply as [number, Buffer];
      entries += members;
      if (members > 0) freeing.free(String(generation), keys.pending(tags[index] as string));
    }
    return entries;
  }

  async function evictOnServer(tags: readonly string[]): Promise<EvictionReceipt> {
    const { command, positionOf } = log.advanceCommand();
    let position: Position | undefined;
    let entries = 0;
    for (const some of chunksOf(tags)) {
      const commands = some.map((tag) => evictCommand(tag, undefined));
      const replies = await connection.sendAll(position ? commands : [command, ...commands]);
      const advanced = position ? undefined : replies.shift();
      if (advanced instanceof StoreError) throw advanced;
      position ??= positionOf(advanced);
      entries += beginFreeing(some, replies);
    }
    return { position: position as Position, entries };
  }

  async function evictOnCluster(tags: readonly string[]): Promise<EvictionReceipt> {
    const position = await log.advance();
    let entries = 0;
    for (const some of chunksOf(tags)) {
      try {
        const replies = await connection.sendAll(some.map((tag) => evictCommand(tag, position)));
        entries += beginFreeing(some, replies);
      } catch (error) {
        if (!isSlotOnTheMove(error)) throw error;
        const members = await Promise.all(some.map((tag) => evictStepwise(tag, position)));
        entries += members.reduce((sum, count) => sum + count, 0);
      }
    }
    return { position, entries };
  }

  /**
   * The same with one key a command: while a slot is on its way to another server, commands for several of its keys are
   * refused. A crash in the middle leaves an index that goes with the last of its entries.
   */
  async function evictStepwise(tag: string, position: Position): Promise<number> {
    const version = evictedVersion(randomId(), position);
    const life = ["PX", EVICTED_TAG_LIFE_MS, "GET"] as const;
    const old = await connection.send("set", keys.tag(tag), version, ...life);
    connection.send("publish", keys.evictions, writeLogPosition(position)).catch(() => {});
    if (old === null) return 0;
    const index = keys.indexBase(tag) + String(old).slice(0, 8);
    const only = onlyEntryOf(String(old));
    if (only !== undefined) {
      await connection.send("sadd", index, only);
      await connection.send("pexpire", index, ONLY_ENTRY_LIFE_MS, "NX");
    }
    const members = Number(await connection.send("scard", index));
    if (members > 0) freeing.free(index, keys.pending(tag));
    return members;
  }

  return async (tags) => {
    const receipt = await (connection.isCluster ? evictOnCluster(tags) : evictOnServer(tags));
    log.hear(receipt.position);
    return receipt;
  };
}

/** Time enough to free what it names. */
const ONLY_ENTRY_LIFE_MS = 60_000;

function* chunksOf(tags: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < tags.length; from += TAGS_AT_ONCE) {
    yield tags.slice(from, from + TAGS_AT_ONCE);
  }
}

/** The client follows TRYAGAIN round the cluster, and may have any redirection to tell of in the end. */
function isSlotOnTheMove(error: unknown): boolean {
  return error instanceof StoreError && /TRYAGAIN|redirections/.test(error.message);
}
