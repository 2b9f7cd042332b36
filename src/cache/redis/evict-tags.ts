import { StoreError } from "../errors.js";
import type { Position } from "../position.js";
import { randomId } from "../random.js";
import type { EvictionReceipt } from "../store.js";
import { type Connection, evaluate } from "./connection.js";
import type { Freeing } from "./freeing.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import { isSlotOnTheMove } from "./reply-error.js";
import { scripts } from "./scripts.js";
import { evictedVersion, writeLogPosition } from "./tag-version.js";

/**
 * How long a version made by an eviction is kept where nothing is filed under it. Long enough for the fills that
 * follow at once; without it the next one makes a version of its own, which is as good.
 */
const EVICTED_TAG_LIFE_MS = 1000;

/** Tags in one round trip of an eviction. */
const TAGS_AT_ONCE = 500;

export type EvictTags = (tags: readonly string[]) => Promise<EvictionReceipt>;

/** Advances the log, then gives the tags new versions at that position. */
export function createEvictTags(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  freeing: Freeing,
): EvictTags {
  async function evictSome(tags: readonly string[], position: Position): Promise<number> {
    const replies = await connection.sendAll(
      tags.map((tag) =>
        evaluate(
          scripts.evictTag,
          [keys.tag(tag), keys.indexBase(tag), keys.pending(tag)],
          evictedVersion(randomId(), position),
          EVICTED_TAG_LIFE_MS,
          keys.evictions,
          writeLogPosition(position),
        ),
      ),
    );
    let entries = 0;
    for (const [index, reply] of replies.entries()) {
      if (reply instanceof StoreError) throw reply;
      const [members, generation] = reply as [number, Buffer];
      entries += members;
      if (members > 0) freeing.free(String(generation), keys.pending(tags[index] as string));
    }
    return entries;
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
    const members = Number(await connection.send("zcard", index));
    if (members > 0) freeing.free(index, keys.pending(tag));
    return members;
  }

  return async (tags) => {
    const position = await log.advance();
    let entries = 0;
    for (let from = 0; from < tags.length; from += TAGS_AT_ONCE) {
      const some = tags.slice(from, from + TAGS_AT_ONCE);
      try {
        entries += await evictSome(some, position);
      } catch (error) {
        if (!isSlotOnTheMove(error)) throw error;
        const members = await Promise.all(some.map((tag) => evictStepwise(tag, position)));
        entries += members.reduce((sum, count) => sum + count, 0);
      }
    }
    log.hear(position);
    return { position, entries };
  };
}
