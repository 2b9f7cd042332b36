import { Redis } from "ioredis";
import { library } from "./support/library.js";
import { machineNowMs } from "./support/numbers.js";
import { work } from "./support/processes.js";

export interface EvictOrder {
  readonly tag: string;
}

/** When the eviction was acknowledged, on the clock that all processes share. */
export interface EvictReport {
  readonly acknowledgedMs: number;
}

/** Another process, which changes what the first has near. */
const { createCache } = await library();
const redis = new Redis(process.argv[2] ?? "");
const cache = createCache({ redis });

async function carryOut({ tag }: EvictOrder): Promise<EvictReport> {
  await cache.evictTags([tag]);
  return { acknowledgedMs: machineNowMs() };
}

work(carryOut, async () => {
  await cache.close();
  redis.disconnect();
});
