import { createMemoryStorage, createRedisStorage, type Storage } from "../../src/storage/index.js";
import { startCluster } from "./redis-cluster.js";
import { startRedis } from "./redis-server.js";
import { advanceRedis } from "./redis-time.js";

/** A storage whose time passes by the test's hand. */
export interface StorageUnderTest extends AsyncDisposable {
  storage: Storage;
  now(): Date;
  /** Lets time pass for everything stored, and for `now`. */
  advanceSeconds(seconds: number): Promise<void>;
}

export interface StorageKind {
  kind: string;
  start(): Promise<StorageUnderTest>;
}

/** Both kinds of storage; the one on a real server of its own. */
export const storageKinds: readonly StorageKind[] = [
  { kind: "this process", start: startMemory },
  { kind: "Redis", start: startOnRedis },
];

/** The second of them, on a cluster of three masters. */
export const clusterKind: StorageKind = { kind: "a cluster of Redis", start: startOnCluster };

async function startMemory(): Promise<StorageUnderTest> {
  const clock = createClock();
  return {
    storage: createMemoryStorage({ now: () => clock.now().getTime() }),
    now: clock.now,
    advanceSeconds: async (seconds) => clock.advanceSeconds(seconds),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startOnRedis(): Promise<StorageUnderTest> {
  const clock = createClock();
  const server = await startRedis();
  const redis = server.client();
  return {
    storage: createRedisStorage({ redis, prefix: "test:" }),
    now: clock.now,
    async advanceSeconds(seconds) {
      clock.advanceSeconds(seconds);
      await advanceRedis(redis, seconds);
    },
    [Symbol.asyncDispose]: server.stop,
  };
}

async function startOnCluster(): Promise<StorageUnderTest> {
  const clock = createClock();
  const cluster = await startCluster();
  const redis = cluster.client();
  return {
    storage: createRedisStorage({ redis, prefix: "test:" }),
    now: clock.now,
    async advanceSeconds(seconds) {
      clock.advanceSeconds(seconds);
      await Promise.all(redis.nodes("master").map((master) => advanceRedis(master, seconds)));
    },
    [Symbol.asyncDispose]: cluster.stop,
  };
}

export function createClock() {
  let time = Date.UTC(2024, 0, 1);
  return {
    now: () => new Date(time),
    advanceSeconds(seconds: number) {
      time += seconds * 1_000;
    },
  };
}
