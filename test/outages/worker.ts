import { Cluster, Redis } from "ioredis";
import { createCacheOver } from "../../src/cache/cache.js";
import { createRedisStore } from "../../src/cache/redis/redis-store.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { Cache } from "../../src/cache/types.js";
import { createDice } from "../consistency/dice.js";
import { openPort } from "../consistency/port.js";
import { watchStalls } from "../consistency/stalls.js";
import { createWitness, type Witness } from "../consistency/witness.js";
import { type BreakName, breaks } from "./breaks.js";
import { COMMAND_TIMEOUT_MS, PREFIX } from "./plan.js";
import { startTraffic } from "./traffic.js";

/** One process under test: a real cache, and requests at a steady rate until it is told to stop. */
export interface OutageWorkerConfig {
  readonly worker: string;
  readonly seed: number;
  /** As users have it; several for a cluster. */
  readonly urls: readonly string[];
  readonly requestsPerSecond: number;
  readonly near: boolean;
  /** The safeguard to turn off. */
  readonly sabotage: BreakName | undefined;
}

/** Time that this process does not get is not the cache's to answer for. */
const LATE_MS = 10;
const LEASE_MS = 10_000;

const port = openPort<OutageWorkerConfig>(run);
process.send?.({ type: "ready" });

async function run(config: OutageWorkerConfig): Promise<void> {
  watchStalls(config.worker, port.tell, LATE_MS);
  const redis = connect(config.urls);
  const { cache, witness } = open(config, redis);
  const traffic = startTraffic({ config, port, dice: createDice(config.seed), cache, witness });
  port.onStop(async () => {
    await traffic.stop();
    await cache.close();
    redis.disconnect();
    await port.flush();
    process.disconnect?.();
  });
}

function connect(urls: readonly string[]): Redis | Cluster {
  const [url = ""] = urls;
  const redis = urls.length === 1 ? new Redis(url) : new Cluster([...urls]);
  redis.on("error", () => {});
  return redis;
}

function open(
  { worker, near, sabotage }: OutageWorkerConfig,
  redis: Redis | Cluster,
): { cache: Cache; witness: Witness } {
  const broken = sabotage && breaks[sabotage];
  const commandTimeoutMs = broken?.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  const settings = resolveSettings({
    redis,
    prefix: PREFIX,
    commandTimeoutMs,
    ...(near && { near: {} }),
  });
  const store = createRedisStore({ redis, prefix: PREFIX, leaseMs: LEASE_MS, commandTimeoutMs });
  const witness = createWitness(store, worker, port);
  const used = broken?.sabotage
    ? { ...witness.store, ...broken.sabotage(witness.store) }
    : witness.store;
  return { cache: createCacheOver(used, settings), witness };
}
