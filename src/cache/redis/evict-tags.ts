import type { Nonce } from "../entry.js";
import type { Position } from "../position.js";
import { randomId } from "../random.js";
import type { EvictedVersion, EvictionReceipt } from "../store.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Freeing } from "./freeing.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import { accepted, isSlotOnTheMove } from "./reply-error.js";
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
  function evictCommand({ tag, nonce }: Wanted, position?: Position): Command {
    return evaluate(
      scripts.evictTag,
      [keys.tag(tag), keys.indexBase(tag), keys.pending(tag)],
      nonce,
      EVICTED_TAG_LIFE_MS,
      keys.evictions,
      tag,
      position ? writeLogPosition(position) : keys.log,
    );
  }

  /** What became of the tags, whose members are now to be freed; the position of the last of them. */
  function take(
    tags: readonly Wanted[],
    replies: readonly unknown[],
    receipt: Receipt,
  ): Position | undefined {
    let position: Position | undefined;
    for (const [index, reply] of replies.entries()) {
      const [members, name, at] = accepted(reply) as [number, Buffer, Buffer];
      position = readLogPosition(String(at));
      const { tag, nonce } = tags[index] as Wanted;
      const generation = String(name);
      receipt.entries += members;
      receipt.versions.set(tag, { before: nonceOfIndex(generation), after: nonce });
      if (members > 0) freeing.free(generation, keys.pending(tag));
    }
    return position;
  }

  async function evictOnServer(tags: readonly string[]): Promise<EvictionReceipt> {
    const receipt: Receipt = { entries: 0, versions: new Map() };
    let position: Position | undefined;
    for (const some of chunksOf(tags)) {
      const commands = some.map((wanted) => evictCommand(wanted));
      const [ensured, ...replies] = await connection.sendAll([log.ensureCommand, ...commands]);
      accepted(ensured);
      position = take(some, replies, receipt);
    }
    return { position: position as Position, ...receipt };
  }

  async function evictOnCluster(tags: readonly string[]): Promise<EvictionReceipt> {
    const position = await log.advance();
    const receipt: Receipt = { entries: 0, versions: new Map() };
    for (const some of chunksOf(tags)) {
      const replies = await connection.sendAll(some.map((one) => evictCommand(one, position)));
      const isLate = (_: unknown, at: number) => isSlotOnTheMove(replies[at]);
      const inTime = (_: unknown, at: number) => !isSlotOnTheMove(replies[at]);
      take(some.filter(inTime), replies.filter(inTime), receipt);
      const late = some.filter(isLate);
      await Promise.all(late.map((one) => evictStepwise(one, position, receipt)));
    }
    // Told behind all of its tags, which each told of themselves.
    connection.send("publish", keys.evictions, writeLogPosition(position)).catch(() => {});
    return { position, ...receipt };
  }

  /**
   * The same with one key a command: while a slot is on its way to another server, commands for several of its keys are
   * refused. A crash in the middle leaves an index that goes with the last of its entries.
   */
  async function evictStepwise(
    { tag, nonce }: Wanted,
    position: Position,
    receipt: Receipt,
  ): Promise<void> {
    const version = evictedVersion(nonce, position);
    const life = ["PX", EVICTED_TAG_LIFE_MS, "GET"] as const;
    const old = await connection.send("set", keys.tag(tag), version, ...life);
    connection.send("publish", keys.evictions, ` ${tag}`).catch(() => {});
    const before = old === null ? undefined : String(old).slice(0, 8);
    receipt.versions.set(tag, { before, after: nonce });
    if (before === undefined) return;
    const index = keys.indexBase(tag) + before;
    const only = onlyEntryOf(String(old));
    if (only !== undefined) {
      await connection.send("sadd", index, only);
      await connection.send("pexpire", index, ONLY_ENTRY_LIFE_MS, "NX");
    }
    const members = Number(await connection.send("scard", index));
    receipt.entries += members;
    if (members > 0) freeing.free(index, keys.pending(tag));
  }

  return async (tags) => {
    const receipt = await (connection.isCluster ? evictOnCluster(tags) : evictOnServer(tags));
    log.hear(receipt.position);
    return receipt;
  };
}

interface Wanted {
  readonly tag: string;
  /** Of the version that it is to get. */
  readonly nonce: Nonce;
}

interface Receipt {
  entries: number;
  readonly versions: Map<string, EvictedVersion>;
}

/** The version that an index belongs to; undefined for no name, which tells that there was no version. */
function nonceOfIndex(name: string): Nonce | undefined {
  return name === "" ? undefined : name.slice(-8);
}

/** Time enough to free what it names. */
const ONLY_ENTRY_LIFE_MS = 60_000;

function* chunksOf(tags: readonly string[]): Generator<readonly Wanted[]> {
  for (let from = 0; from < tags.length; from += TAGS_AT_ONCE) {
    yield tags.slice(from, from + TAGS_AT_ONCE).map((tag) => ({ tag, nonce: randomId() }));
  }
}
