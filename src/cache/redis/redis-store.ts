import { setTimeout as pause } from "node:timers/promises";
import { StoreError } from "../errors.js";
import { type EntryDraft, lifeMs, type Nonce, type Store } from "../store.js";
import type { RedisClient } from "./client.js";
import { createServerClock } from "./clock.js";
import { evaluate, openConnection } from "./connection.js";
import { createEvictTags } from "./evict-tags.js";
import { createFreeing } from "./freeing.js";
import { createKeys } from "./keys.js";
import { clearKeys, estimateEntries } from "./keyspace.js";
import { createLeaseStep } from "./lease-batch.js";
import { createEvictionLog } from "./log.js";
import { watchPromotions } from "./promotion.js";
import { openPush } from "./push.js";
import { createReadBatch } from "./read-batch.js";
import { writeBody } from "./record.js";
import { openReplicas } from "./replicas.js";
import { isSlotOnTheMove } from "./reply-error.js";
import { scripts } from "./scripts.js";
import { readLogPosition } from "./tag-version.js";

export interface RedisStoreOptions {
  readonly redis: RedisClient;
  readonly prefix: string;
  readonly leaseMs: number;
  readonly commandTimeoutMs: number;
  /** Replicas that must have an eviction before it is acknowledged. Default 0. */
  readonly waitReplicas?: number;
}

/** What an entry is filed with, its value let go of. */
type Filing = Pick<EntryDraft, "tags" | "nonces"> & { readonly life: number };

/** A counter that nobody drew from for so long begins again, at the clock. */
const FENCE_LIFE_MS = 7 * 24 * 3600 * 1000;

/** Some seconds: as long as a slot takes, and within the life that its lease gives a tag that nothing is filed under. */
const FILE_ATTEMPTS = 20;
const FILE_AGAIN_AFTER_MS = 250;

/** @throws UnsupportedStoreError */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { redis, commandTimeoutMs, waitReplicas = 0 } = options;
  const keys = createKeys(options.prefix);
  const promotionListeners: Array<(lostAtMs: number) => void> = [];
  const promotions = watchPromotions(
    openConnection(redis, commandTimeoutMs),
    keys.log,
    commandTimeoutMs,
    (lostAtMs) => {
      for (const listener of promotionListeners) listener(lostAtMs);
    },
  );
  const { connection } = promotions;
  const clock = createServerClock(connection);
  const log = createEvictionLog(connection, keys, promotions);
  const read = createReadBatch(connection, keys, log, clock.now);
  const leases = createLeaseStep(connection, keys, log, options.leaseMs);
  const freeing = createFreeing(connection, keys);
  const evictTags = createEvictTags(connection, keys, log, freeing);
  const replicas =
    waitReplicas > 0 ? openReplicas(redis, waitReplicas, commandTimeoutMs, promotions) : undefined;
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

  let isClosed = false;

  /**
   * In the background: the index serves to free what is invalid, never to tell what is. A tag whose slot is on its way
   * to another server cannot be filed under until it has come.
   */
  async function file(key: string, filing: Filing): Promise<void> {
    for (let attempt = 1; !isClosed; attempt += 1) {
      try {
        return await fileOnce(key, filing);
      } catch (error) {
        if (attempt === FILE_ATTEMPTS || !isSlotOnTheMove(error)) throw error;
      }
      await pause(FILE_AGAIN_AFTER_MS, undefined, { ref: false });
    }
  }

  async function fileOnce(key: string, { tags, nonces, life }: Filing): Promise<void> {
    const replies = await connection.sendAll(
      tags.map((tag, index) => {
        const nonce = nonces[index] as Nonce;
        const indexName = keys.indexBase(tag) + nonce;
        return evaluate(scripts.fileEntry, [keys.tag(tag), indexName], nonce, key, life);
      }),
    );
    const movedAt = replies.indexOf(0);
    if (movedAt === -1) return;
    const nonce = nonces[movedAt] as Nonce;
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
      const { tags, nonces } = draft;
      if (tags.length > 0) file(key, { tags, nonces, life }).catch(() => {});
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
      const replicated = replicas?.expect();
      const receipt = await evictTags(tags);
      await replicated?.([...new Set(tags.map(keys.mark))], receipt.entries);
      return receipt;
    },

    async delete(key) {
      const replicated = replicas?.expect();
      await connection.send(...evaluate(scripts.deleteEntry, [keys.entry(key)], keys.wake(key)));
      await replicated?.([keys.entry(key)]);
    },

    async clear() {
      const replicated = replicas?.expect();
      // In this order: what is loaded from before the clear can then commit nothing valid.
      log.hear(await log.advance());
      await clearKeys(connection, keys, commandTimeoutMs);
      // A master that was lost meanwhile was passed over.
      await promotions.known();
      await replicated?.(keys.allMarks());
    },

    knownPosition: () => log.known,
    readPosition: () => log.read(),
    watch: (key) => push.watch(key),

    onPromotion: (listener) => promotionListeners.push(listener),

    async ping() {
      try {
        // On a cluster one server's word is not all servers'.
        const probes = connection.isCluster ? keys.allMarks() : [keys.log];
        await connection.sendAll(probes.map((name) => ["exists", name]));
      } catch (error) {
        if (connection.isCluster) promotions.suspect();
        throw error;
      }
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

    notes: () => (connection.note === undefined ? [] : [connection.note]),

    async close() {
      isClosed = true;
      clock.close();
      await freeing.close();
      push.close();
      replicas?.close();
      connection.close();
    },
  };
}
