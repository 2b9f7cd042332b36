import { createCacheOver } from "../../src/cache/cache.js";
import type { CacheOptions } from "../../src/cache/cache-options.js";
import { createRedisStore } from "../../src/cache/redis/redis-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Cache } from "../../src/cache/types.js";
import { nearAgeTimes, sabotage } from "./breaks.js";
import { connect } from "./connect.js";
import { createDice } from "./dice.js";
import { createLoads } from "./loads.js";
import { openPort } from "./port.js";
import type { WorkerConfig } from "./protocol.js";
import { watchStalls } from "./stalls.js";
import { createWitness, type Witness } from "./witness.js";
import { createWork } from "./work.js";
import { PREFIX } from "./world.js";

/** One process of the fleet: a real cache, and callers who use it at random until they are told to stop. */

const CALLERS = 8;

const port = openPort(run);
process.send?.({ type: "ready" });

async function run(config: WorkerConfig): Promise<void> {
  let isOver = false;
  port.onStop(() => {
    isOver = true;
  });
  watchStalls(config.worker, port.tell);
  const dice = createDice(config.seed);
  const redis = connect(config.target);
  const { cache, witness } = open(config, redis);
  const loads = createLoads(config, port, dice, cache, witness);
  const work = createWork(config, port, dice, cache, loads);
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!isOver) await work.next();
  });
  await Promise.all(callers);
  await cache.close();
  redis.disconnect();
  await port.flush();
  process.disconnect?.();
}

function open(
  config: WorkerConfig,
  redis: ReturnType<typeof connect>,
): { cache: Cache; witness: Witness } {
  const { leaseMs, waitMs, commandTimeoutMs, nearMaxAgeMs } = config;
  const options: CacheOptions = {
    redis,
    prefix: PREFIX,
    leaseSeconds: leaseMs / 1000,
    waitSeconds: waitMs / 1000,
    commandTimeoutMs,
    loadTimeoutSeconds: 10,
    ...(nearMaxAgeMs !== undefined && {
      near: { maxAgeSeconds: (nearMaxAgeMs / 1000) * (nearAgeTimes(config.sabotage) ?? 1) },
    }),
  };
  const redisStore = createRedisStore({ redis, prefix: PREFIX, leaseMs, commandTimeoutMs });
  const witness = createWitness(redisStore, config.worker, port);
  const store = config.sabotage ? sabotage(config.sabotage, witness.store) : witness.store;
  return { cache: createCacheOver(store, resolveSettings(options)), witness };
}
