import type { Redis } from "ioredis";
import type { NodeUnavailableError } from "../errors.js";
import { DELETION_KEPT_MS, type Store } from "../store.js";
import type { WriteQueue } from "../write-behind/queue.js";
import { openBulk } from "./bulk.js";
import { type Changes, createChanges } from "./changes.js";
import type { RedisClient } from "./client.js";
import { createServerClock, withClock } from "./clock.js";
import { createCommitStep } from "./commit-batch.js";
import { type Connection, evaluate, openConnection } from "./connection.js";
import { createEvictTags } from "./evict-tags.js";
import { createFreeing } from "./freeing.js";
import { createKeys } from "./keys.js";
import { clearKeys, estimateEntries } from "./keyspace.js";
import { createLeaseStep } from "./lease-batch.js";
import { createEvictionLog } from "./log.js";
import { readMemoryProblem } from "./memory-policy.js";
import { createRedisPins } from "./pins.js";
import { watchPromotions } from "./promotion.js";
import { openPush } from "./push.js";
import { createReadBatch } from "./read-batch.js";
import { openReplicas } from "./replicas.js";
import { accepted } from "./reply-error.js";
import { scripts } from "./scripts.js";
import { readLogPosition, writeLogPosition } from "./tag-version.js";
import { createTrials } from "./trials.js";
import { createRedisQueue } from "./write-queue.js";

export interface RedisStoreOptions {
  readonly redis: RedisClient;
  readonly prefix: string;
  readonly leaseMs: number;
  readonly commandTimeoutMs: number;
  /** The longest pause between two trials of a lost node of a cluster. Default 200. */
  readonly breakerOpenMs?: number;
  /** Replicas that must have an eviction before it is acknowledged. Default 0. */
  readonly waitReplicas?: number;
}

const DEFAULT_OPEN_MS = 200;

/** A counter that nobody drew from for so long begins again, at the clock. */
const FENCE_LIFE_MS = 7 * 24 * 3600 * 1000;

/** @throws UnsupportedStoreError */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { redis, commandTimeoutMs, waitReplicas = 0, breakerOpenMs = DEFAULT_OPEN_MS } = options;
  const keys = createKeys(options.prefix, redis.isCluster ? 0 : (redis as Redis).options.db);
  const promotionListeners: Array<(lostAtMs: number) => void> = [];
  let onNodeLost: (error: NodeUnavailableError) => void = () => {};
  let onNodeBack: (address: string) => void = () => {};
  const opened = openConnection(redis, commandTimeoutMs, {
    openMs: breakerOpenMs,
    trial: (address) => trials.tryNode(address),
    onLost(error) {
      promotions.lose();
      onNodeLost(error);
    },
    onBack(address) {
      // It may be another than before, or one that lacks the last it had acknowledged: it is asked before it is used.
      promotions.suspect();
      onNodeBack(address);
    },
  });
  const promotions = watchPromotions(opened, keys.log, commandTimeoutMs, (lostAtMs) => {
    for (const listener of promotionListeners) listener(lostAtMs);
  });
  const { connection } = promotions;
  const trials = createTrials({ opened, promotions, keys, commandTimeoutMs });
  const clock = createServerClock(connection);
  const log = createEvictionLog(connection, keys, promotions);
  const read = createReadBatch(withClock(connection, clock), keys, log, clock.now);
  const leases = createLeaseStep(connection, keys, log, options.leaseMs);
  const freeing = createFreeing(connection, keys);
  const evictTags = createEvictTags(connection, keys, log, freeing);
  const replicas =
    waitReplicas > 0 ? openReplicas(redis, waitReplicas, commandTimeoutMs, promotions) : undefined;
  let changes: Changes | undefined;
  const push = openPush(redis, keys, commandTimeoutMs, {
    onEviction(message) {
      const position = readLogPosition(message.split(" ")[0] as string);
      if (position) log.hear(position);
      changes?.hearEviction(message);
    },
    onKey: (key) => changes?.hearKey(key),
    onConnect() {
      log.read().catch(() => {});
      changes?.connect();
    },
    onDisconnect: () => changes?.disconnect(),
  });
  const queues = new Map<string, WriteQueue>();
  let bulk: Connection | undefined;
  connection.onReady(() => {
    clock.set().catch(() => {});
    freeing.sweep().catch(() => {});
  });

  /** In this order: what is loaded from before the clear can then commit nothing valid. */
  async function clearBehindNewLog(): Promise<void> {
    const position = await log.beginAnew();
    log.hear(position);
    connection.send("publish", keys.evictions, writeLogPosition(position)).catch(() => {});
    await clearKeys(connection, keys, commandTimeoutMs);
  }

  return {
    kind: "redis",
    now: clock.now,
    read,
    takeLease: leases.take,
    besideLeases: leases.beside,
    snapshot: leases.snapshot,

    async renewLease({ key, token, leaseMs, tags }) {
      const [renewed] = await connection.sendAll([
        evaluate(scripts.renewLease, [keys.entry(key)], token, leaseMs),
        ...tags.map((tag) => ["pexpire", keys.tag(tag), leaseMs, "GT"] as const),
      ]);
      return accepted(renewed) === 1;
    },

    commit: createCommitStep(connection, keys),

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
      const position = writeLogPosition(await log.advance());
      const remembered = ["set", keys.deletion(key), position, "PX", DELETION_KEPT_MS] as const;
      const entry = evaluate(scripts.deleteEntry, [keys.entry(key)], keys.wake(key));
      const told = ["publish", keys.evictions, position] as const;
      // Remembered first: whoever then takes the lease of what is gone finds that it was deleted.
      if (connection.isCluster) await connection.send(...remembered);
      const replies = await connection.sendAll(
        connection.isCluster ? [entry] : [remembered, entry],
      );
      replies.forEach(accepted);
      connection.send(...told).catch(() => {});
      await replicated?.([keys.entry(key), keys.deletion(key)]);
    },

    async clear() {
      const replicated = replicas?.expect();
      await clearBehindNewLog();
      // What it had not reached yet may have been read meanwhile, and kept near, or stored again as part of another.
      await clearBehindNewLog();
      // A master that was lost meanwhile was passed over.
      await promotions.known();
      await replicated?.(keys.allMarks());
    },

    pins: createRedisPins(connection, keys),
    queue(name) {
      bulk ??= openBulk({ redis, keys, commandTimeoutMs, breakerOpenMs });
      const parts = { caller: connection, bulk, keys, clock, commandTimeoutMs };
      const queue = queues.get(name) ?? createRedisQueue(parts, name);
      queues.set(name, queue);
      return queue;
    },

    knownPosition: () => log.known,
    readPosition: () => log.read(),
    watch: (key) => push.watch(key),

    listen(listener) {
      changes = createChanges(log, listener);
      push.hearAll();
      return changes;
    },

    onPromotion: (listener) => promotionListeners.push(listener),

    onNode(lost, back) {
      onNodeLost = lost;
      onNodeBack = back;
    },

    lostNodes: () => [...(opened.nodes?.lost.keys() ?? [])],

    async ping() {
      await trials.ping();
      push.check();
    },

    estimateEntries: () => estimateEntries(connection, keys, commandTimeoutMs),

    problems() {
      return [connection.problem, push.problem].filter((problem) => problem !== undefined);
    },

    async inspect() {
      const problem = await readMemoryProblem(opened, commandTimeoutMs);
      return problem === undefined ? [] : [problem];
    },

    get isPushConnected() {
      return push.isConnected;
    },

    notes: () => (connection.note === undefined ? [] : [connection.note]),

    async close() {
      clock.close();
      await freeing.close();
      push.close();
      replicas?.close();
      bulk?.close();
      connection.close();
    },
  };
}
