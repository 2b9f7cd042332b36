import { recordChange } from "../../src/evictions.js";
import { openDatabase } from "../../src/origin/database.js";
import { createRedisFromUrl } from "../../src/redis.js";
import { createKitchen } from "../../src/services/kitchen.js";
import { createRedisStorage } from "../../src/storage/index.js";
import type { Claim, StationsConfig } from "./stations.js";

/** Stations of one process of their own: each claims tickets, and completes them if it is to, until none waits. */
const config: StationsConfig = JSON.parse(process.env.STATIONS ?? "");
const database = await openDatabase({ url: config.databaseUrl, onChange: recordChange });
const redis = createRedisFromUrl(config.redisUrl, { commandTimeoutMs: 10_000 });
const storage = createRedisStorage({ redis, prefix: "test:", commandTimeoutMs: 10_000 });
const kitchen = createKitchen({ storage, database });

const claims = await Promise.all(config.stations.map(work));
process.send?.(claims.flat(), () => process.exit(0));

async function work(station: string): Promise<Claim[]> {
  const claimed: Claim[] = [];
  for (;;) {
    // The same clock in every process of the machine.
    const begin = Number(process.hrtime.bigint() / 1_000n);
    const ticket = await kitchen.claimNext(station);
    if (ticket === null) return claimed;
    const end = Number(process.hrtime.bigint() / 1_000n);
    claimed.push({ station, orderId: ticket.orderId, begin, end });
    if (config.isCompleting) await kitchen.complete(ticket.orderId);
  }
}
