import { StoreError } from "../errors.js";
import type { Position } from "../position.js";
import { randomId } from "../random.js";
import type { EvictionReceipt } from "../store.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Freeing } from "./freeing.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import { isSlotOnTheMove } from "./reply-error.js";
import { scripts } from "./scripts.js";
import { evictedVersion, onlyEntryOf, readLogPosition, writeLogPosition } from "./tag-version.js";

/**
 * How long a version made by an eviction is kept where nothing is filed under it. Long enough for the fills that
 * follow at once; without it the next one makes a version of its own, which is as good.
 */
const EVICTED_TAG_LIFE_MS = 1000;

/** Tags in one round trip of an eviction. */
const TAGS_AT_ONCE = 500;

export type EvictTags = (tags: readonly string[]) => Promise<EvictionReceipt>;

/**
 * Advances the log, and gives the tags new versions at that position. On one server that is one round trip, and the log
 * advances with each tag; on a cluster, where it may be on another node, it is advanced first, once for all.
 */
export function createEvictTags(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  freeing: Freeing,
): EvictTags {
  /** @param position undefined where the script is to advance the log, which stands on the same server */
  function evictCommand(tag: string, position?: Position): Command {
    return evaluate(
      scripts.evictTag,
      [keys.tag(tag), keys.indexBase(tag), keys.pending(tag)],
      randomId(),
      EVICTED_TAG_LIFE_MS,
      keys.evictions,
      tag,
      position ? writeLogPosition(position) : keys.log,
    );
  }

  /** Frees what the tags had; how many members that were, and the position of the last of them. */
  function beginFreeing(tags: readonly string[], replies: readonly unknown[]): EvictionReceipt {
    let entries = 0;
    let position = "";
    for (const [index, reply] of replies.entries()) {
      if (reply instanceof StoreError) throw reply;
      const [members, generation, at] = reply as [number, Buffer, Buffer];
      entries += members;
      position = String(at);
      if (members > 0) freeing.free(String(generation), keys.pending(tags[index] as string));
    }
    return { entries, position: readLogPosition(position) as Position };
  }

  async function evictOnServer(tags: readonly string[]): Promise<EvictionReceipt> {
    let entries = 0;
    let last: EvictionReceipt | undefined;
    for (const some of chunksOf(tags)) {
      const commands = some.map((tag) => evictCommand(tag));
      const [ensured, ...replies] = await connection.sendAll([log.ensureCommand, ...commands]);
      if (ensured instanceof StoreError) throw ensured;
      last = beginFreeing(some, replies);
      entries += last.entries;
    }
    return { position: (last as EvictionReceipt).position, entries };
  }

  async function evictOnCluster(tags: readonly string[]): Promise<EvictionReceipt> {
    const position = await log.advance();
    let entries = 0;
    for (const some of chunksOf(tags)) {
      try {
        const replies = await connection.sendAll(some.map((tag) => evictCommand(tag, position)));
        entries += beginFreeing(some, replies).entries;
      } catch (error) {
        if (!isSlotOnTheMove(error)) throw error;
        const members = await Promise.all(some.map((tag) => evictStepwise(tag, position)));
        entries += members.reduce((sum, count) => sum + count, 0);
      }
    }
    // Told behind all of its tags, which each told of themselves.
    connection.send("publish", keys.evictions, writeLogPosition(position)).catch(() => {});
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
    connection.send("publish", keys.evictions, ` ${tag}`).catch(() => {});
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
