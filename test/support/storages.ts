import { createMemoryStorage, createRedisStorage, type Storage } from "../../src/storage/index.js";
import { startRedis } from "./redis-server.js";
import { advanceRedis } from "./redis-time.js";

/** A storage whose time passes by the test's hand. */
export interface StorageUnderTest extends AsyncDisposable {
  storage: Storage;
  now(): Date;
  /** Lets time pass for everything stored, and for `now`. */
  advanceSeconds(seconds: number): Promise<void>;
}

/** Both kinds of storage; the one on a real server of its own. */
export const storageKinds: readonly { kind: string; start(): Promise<StorageUnderTest> }[] = [
  { kind: "this process", start: startMemory },
  { kind: "Redis", start: startOnRedis },
];

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

export function createClock() {
  let time = Date.UTC(2024, 0, 1);
  return {
    now: () => new Date(time),
    advanceSeconds(seconds: number) {
      time += seconds * 1_000;
    },
  };
}
