import { StoreError } from "../errors.js";
import { randomId } from "../random.js";
import { type EntryDraft, lifeMs, type Nonce, type Store } from "../store.js";
import type { RedisClient } from "./client.js";
import { createServerClock } from "./clock.js";
import { evaluate, openConnection } from "./connection.js";
import { createFreeing } from "./freeing.js";
import { createKeys } from "./keys.js";
import { clearKeys, estimateEntries } from "./keyspace.js";
import { createLeaseStep } from "./lease-batch.js";
import { createEvictionLog } from "./log.js";
import { openPush } from "./push.js";
import { createReadBatch } from "./read-batch.js";
import { writeBody } from "./record.js";
import { scripts } from "./scripts.js";
import { evictedVersion, readLogPosition, writeLogPosition } from "./tag-version.js";

export interface RedisStoreOptions {
  readonly redis: RedisClient;
  readonly prefix: string;
  readonly leaseMs: number;
  readonly commandTimeoutMs: number;
}

/**
 * How long a version made by an eviction is kept where nothing is filed under it. Long enough for the fills that
 * follow at once; without it the next one makes a version of its own, which is as good.
 */
const EVICTED_TAG_LIFE_MS = 1000;

/** A counter that nobody drew from for so long begins again, at the clock. */
const FENCE_LIFE_MS = 7 * 24 * 3600 * 1000;

/** Tags in one round trip of an eviction. */
const TAGS_AT_ONCE = 500;

/** @throws UnsupportedStoreError */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { redis, commandTimeoutMs } = options;
  const keys = createKeys(options.prefix);
  const connection = openConnection(redis, commandTimeoutMs);
  const clock = createServerClock(connection);
  const log = createEvictionLog(connection, keys);
  const read = createReadBatch(connection, keys, log, clock.now);
  const leases = createLeaseStep(connection, keys, log, options.leaseMs);
  const freeing = createFreeing(connection, keys);
  const push = openPush(redis, keys, commandTimeoutMs, {
    onEviction(message) {
      const position = readLogPosition(message);
      if (position) log.hear(position);
    },
    onConnect() {
      log.read().catch(() => {});
    },
  });
  connection.onReady(() => {
    clock.set().catch(() => {});
    freeing.sweep().catch(() => {});
  });

  /** In the background: the index serves to free what is invalid, never to tell what is. */
  async function file(key: string, draft: EntryDraft): Promise<void> {
    const life = Math.ceil(lifeMs(draft));
    const replies = await connection.sendAll(
      draft.tags.map((tag, index) => {
        const nonce = draft.nonces[index] as Nonce;
        const indexName = keys.indexBase(tag) + nonce;
        return evaluate(scripts.fileEntry, [keys.tag(tag), indexName], nonce, key, life);
      }),
    );
    const movedAt = replies.indexOf(0);
    if (movedAt === -1) return;
    const nonce = draft.nonces[movedAt] as Nonce;
    await connection.send(...evaluate(scripts.freeEntry, [keys.entry(key)], nonce));
  }

  return {
    kind: "redis",
    now: clock.now,
    read,
    takeLease: leases.take,
    snapshot: leases.snapshot,

    async renewLease({ key, token, leaseMs, tags }) {
      const [renewed] = await connection.sendAll([
        evaluate(scripts.renewLease, [keys.entry(key)], token, leaseMs),
        ...tags.map((tag) => ["pexpire", keys.tag(tag), leaseMs, "GT"] as const),
      ]);
      if (renewed instanceof StoreError) throw renewed;
      return renewed === 1;
    },

    async commit(key, token, draft) {
      const life = Math.max(1, Math.ceil(lifeMs(draft)));
      const birth = await connection.send(
        ...evaluate(
          scripts.commitEntry,
          [keys.entry(key)],
          token,
          writeBody(draft),
          life,
          keys.wake(key),
        ),
      );
      if (birth === 0) return undefined;
      if (draft.tags.length > 0) file(key, draft).catch(() => {});
      return Number(birth);
    },

    async releaseLease(key, token, passMs) {
      await connection.send(
        ...evaluate(scripts.releaseLease, [keys.entry(key)], token, passMs, keys.wake(key)),
      );
    },

    async nextFence() {
      return Number(
        await connection.send(...evaluate(scripts.nextFence, [keys.fence], FENCE_LIFE_MS)),
      );
    },

    async evict(tags) {
      const position = await log.advance();
      const at = writeLogPosition(position);
      let entries = 0;
      for (let from = 0; from < tags.length; from += TAGS_AT_ONCE) {
        const some = tags.slice(from, from + TAGS_AT_ONCE);
        const replies = await connection.sendAll(
          some.map((tag) =>
            evaluate(
              scripts.evictTag,
              [keys.tag(tag), keys.indexBase(tag), keys.pending(tag)],
              evictedVersion(randomId(), position),
              EVICTED_TAG_LIFE_MS,
              keys.evictions,
              at,
            ),
          ),
        );
        for (const [index, reply] of replies.entries()) {
          if (reply instanceof StoreError) throw reply;
          const [members, generation] = reply as [number, Buffer];
          entries += members;
          if (members > 0) freeing.free(String(generation), keys.pending(some[index] as string));
        }
      }
      log.hear(position);
      return { position, entries };
    },

    async delete(key) {
      await connection.send(...evaluate(scripts.deleteEntry, [keys.entry(key)], keys.wake(key)));
    },

    async clear() {
      // In this order: what is loaded from before the clear can then commit nothing valid.
      log.hear(await log.advance());
      await clearKeys(connection, keys, commandTimeoutMs);
    },

    knownPosition: () => log.known,
    readPosition: () => log.read(),
    watch: (key) => push.watch(key),

    async ping() {
      await connection.send("ping");
    },

    estimateEntries: () => estimateEntries(connection, keys, commandTimeoutMs),

    problems() {
      const problems: string[] = [];
      if (connection.problem) problems.push(connection.problem);
      if (!push.isConnected) {
        problems.push("The push connection to Redis is down: waiting callers poll.");
      }
      return problems;
    },

    async close() {
      clock.close();
      await freeing.close();
      push.close();
      connection.close();
    },
  };
}
