import { Redis } from "ioredis";
import { createCacheOver } from "../../../src/cache/cache.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { resolveSettings } from "../../../src/cache/settings.js";
import type { Store } from "../../../src/cache/store.js";
import type { BehindWrite } from "../../../src/cache/write-behind/types.js";

/** A process that puts and flushes, and can be told to stop for good at any step of either. */
export type ToWriter =
  | { type: "start"; port: number; prefix: string; stopAt?: StopAt }
  | { type: "put"; key: string; value: number }
  | { type: "flush" }
  /** The origin has the batch. */
  | { type: "wrote" };

export type FromWriter =
  | { type: "ready" }
  | { type: "put"; key: string; value: number; sequence: number }
  | { type: "flushed" }
  | { type: "write"; writes: ReadonlyArray<BehindWrite<number>> }
  | { type: "stopped" };

export interface StopAt {
  during: "put" | "flush";
  step: StepName;
  when: "before" | "after";
}

export type StepName = (typeof steps)[number];

const steps = [
  "append",
  "takeLease",
  "pin",
  "commit",
  "receive",
  "snapshot",
  "write",
  "unpin",
  "evict",
  "settle",
] as const;

export const QUEUE = "orders";
export const LEASE_SECONDS = 0.5;

let during: StopAt["during"] = "put";
let stopAt: StopAt | undefined;
let resumeWrite = () => {};
let puts: {
  put(
    key: string,
    options: { ttlSeconds: number; tags: string[] },
    value: number,
  ): Promise<{ sequence: number }>;
  flush(): Promise<void>;
};

function tell(message: FromWriter): void {
  process.send?.(message);
}

/** Tells, and never comes back. */
async function stopIf(step: StepName, when: StopAt["when"]): Promise<void> {
  if (stopAt?.during !== during || stopAt.step !== step || stopAt.when !== when) return;
  tell({ type: "stopped" });
  await new Promise(() => {});
}

function stopping<Args extends unknown[], Result>(
  step: StepName,
  run: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    await stopIf(step, "before");
    const result = await run(...args);
    await stopIf(step, "after");
    return result;
  };
}

function watched(store: Store): Store {
  const queue = store.queue(QUEUE);
  return {
    ...store,
    takeLease: stopping("takeLease", store.takeLease),
    commit: stopping("commit", store.commit),
    snapshot: stopping("snapshot", store.snapshot),
    evict: stopping("evict", store.evict),
    pins: {
      ...store.pins,
      pin: stopping("pin", store.pins.pin),
      unpin: stopping("unpin", store.pins.unpin),
    },
    queue: () => ({
      ...queue,
      append: stopping("append", queue.append),
      settle: stopping("settle", queue.settle),
      async receive(count) {
        if (during === "put") return [];
        const received = await queue.receive(count);
        if (received.length > 0) await stopIf("receive", "after");
        return received;
      },
    }),
  };
}

function start({ port, prefix, stopAt: given }: ToWriter & { type: "start" }): void {
  stopAt = given;
  const redis = new Redis({ host: "127.0.0.1", port });
  const settings = resolveSettings({ redis, prefix, leaseSeconds: LEASE_SECONDS, ttlJitter: 0 });
  const store = createRedisStore({
    redis,
    prefix,
    leaseMs: settings.leaseMs,
    commandTimeoutMs: 5000,
  });
  const cache = createCacheOver(watched(store), settings);
  puts = cache.writeBehind<number>(QUEUE, {
    // Until it is told to flush.
    delaySeconds: 3600,
    retrySeconds: 0.05,
    async write(writes) {
      await stopIf("write", "before");
      tell({ type: "write", writes });
      await new Promise<void>((resolve) => {
        resumeWrite = resolve;
      });
      await stopIf("write", "after");
    },
  });
}

process.on("message", async (message: ToWriter) => {
  switch (message.type) {
    case "start":
      start(message);
      return;
    case "wrote":
      resumeWrite();
      return;
    case "put": {
      const { key, value } = message;
      const { sequence } = await puts.put(key, { ttlSeconds: 600, tags: ["orders"] }, value);
      tell({ type: "put", key, value, sequence });
      return;
    }
    case "flush":
      during = "flush";
      await puts.flush();
      tell({ type: "flushed" });
  }
});
process.on("disconnect", () => process.exit());
tell({ type: "ready" });
