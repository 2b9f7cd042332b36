import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import { type Database, openDatabase } from "../../src/origin/database.js";
import { createKitchen } from "../../src/services/kitchen.js";
import { createRedisStorage } from "../../src/storage/index.js";
import { type DatabasePlace, databaseKinds, freshPlace } from "../support/database.js";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { type Claim, startStations } from "./stations.js";

/** Processes must share the origin, which an embedded one cannot be. */
describe.skipIf(!databaseKinds.includes("postgres"))("stations in several processes", () => {
  let place: DatabasePlace;
  let database: Database;
  let redis: RedisServer;
  beforeEach(async () => {
    place = await freshPlace("postgres");
    database = await openDatabase(place.options);
    redis = await startRedis();
  });
  afterEach(async () => {
    await database.close();
    await Promise.all([redis.stop(), place.remove()]);
  });

  const start = (process: string, count: number, isCompleting = false) =>
    startStations({
      databaseUrl: place.options.url ?? "",
      redisUrl: redis.url,
      stations: Array.from({ length: count }, (_, i) => `${process}/${i}`),
      isCompleting,
    });
  const kitchen = () =>
    createKitchen({
      storage: createRedisStorage({ redis: redis.client(), prefix: "test:" }),
      database,
    });

  /** Orders with tickets of every priority; answers with their ids in the order of the queue. */
  async function queueOrders(count: number): Promise<string[]> {
    const { id } = await createCustomer(database, {
      name: "Ada",
      email: "ada@example.org",
      passwordHash: null,
    });
    await database.query(
      "INSERT INTO orders (customer_id, total_cents) SELECT $1, 100 FROM generate_series(1, $2::int)",
      [id, count],
    );
    await database.query(
      `INSERT INTO kitchen_tickets (order_id, priority, queued_at)
       SELECT id, id * 7919 % 5, placed_at + (id * 104729 % 1000) * interval '1 ms' FROM orders`,
    );
    await kitchen().tend();
    const rows = await database.query<{ id: string }>(
      `SELECT order_id::text AS id FROM kitchen_tickets
       ORDER BY kitchen_tickets.priority DESC, queued_at, order_id`,
    );
    return rows.map((row) => row.id);
  }

  test("twenty in four processes claim 10,000 tickets, each once and in the queue's order", async () => {
    const queued = await queueOrders(10_000);
    const processes = ["a", "b", "c", "d"].map((process) => start(process, 5));
    const claims = (await Promise.all(processes.map((one) => one.claims))).flatMap(
      (some) => some ?? [],
    );
    expect(claims.map(({ orderId }) => orderId).sort()).toEqual([...queued].sort());
    expect(new Set(claims.map(({ station }) => station.split("/")[0])).size).toBe(4);
    expect(outOfOrder(claims, queued)).toEqual([]);
    const [row] = await database.query<{ right: number }>(
      `SELECT count(*)::int AS right FROM kitchen_tickets JOIN orders ON id = order_id
       WHERE status = 'PREPARING' AND station IS NOT NULL AND started_at IS NOT NULL`,
    );
    expect(row?.right).toBe(10_000);
  }, 300_000);

  test("that are killed in the middle lose no ticket, and none is completed twice", async () => {
    const queued = await queueOrders(1_500);
    await database.query(
      `CREATE TABLE completions (order_id bigint);
       CREATE FUNCTION complete() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO completions VALUES (NEW.id); RETURN NEW; END $$;
       CREATE TRIGGER complete AFTER UPDATE ON orders FOR EACH ROW
         WHEN (NEW.status = 'READY' AND OLD.status <> 'READY') EXECUTE FUNCTION complete()`,
    );
    const completed = async () => {
      const rows = await database.query<{ id: string }>(
        "SELECT order_id::text AS id FROM completions",
      );
      return rows.map((row) => row.id);
    };
    const dead: string[] = [];
    const running = ["a", "b", "c", "d"].map((name) => ({ name, ...start(name, 5, true) }));
    let lives = 0;
    // Each kill falls where it falls; that some fall between a claim and its completion is shown below.
    for (const at of [100, 250, 400, 550, 700]) {
      await expect
        .poll(async () => (await completed()).length, { timeout: 60_000, interval: 20 })
        .toBeGreaterThan(at);
      const victim = running.shift()!;
      await victim.kill();
      dead.push(victim.name);
      lives += 1;
      const name = `e${lives}`;
      running.push({ name, ...start(name, 5, true) });
    }
    await Promise.all(running.map((one) => one.claims));
    const left = await database.query<{ station: string }>(
      "SELECT station FROM kitchen_tickets JOIN orders ON id = order_id WHERE status = 'PREPARING'",
    );
    expect(left.length).toBeGreaterThan(0);
    for (const { station } of left) expect(dead).toContain(station.split("/")[0]);

    await database.query(
      "UPDATE kitchen_tickets SET claimed_until = now() - interval '1 s' WHERE claimed_until IS NOT NULL",
    );
    // Also those that were out of the queue and not yet in a station's hands.
    await kitchen().tend();
    await start("last", 5, true).claims;
    expect((await completed()).sort()).toEqual([...queued].sort());
    expect(await kitchen().claimNext("nobody")).toBeNull();
  }, 300_000);
});

/** Claims of which one was known before another was asked for, though its ticket comes after the other's. */
function outOfOrder(claims: readonly Claim[], queued: readonly string[]): [Claim, Claim][] {
  const rank = new Map(queued.map((id, i) => [id, i]));
  const rankOf = ({ orderId }: Claim) => rank.get(orderId) ?? -1;
  const byEnd = [...claims].sort((a, b) => a.end - b.end);
  const found: [Claim, Claim][] = [];
  let next = 0;
  let last: Claim | undefined;
  for (const claim of [...claims].sort((a, b) => a.begin - b.begin)) {
    for (let one = byEnd[next]; one && one.end < claim.begin; one = byEnd[++next]) {
      if (last === undefined || rankOf(one) > rankOf(last)) last = one;
    }
    if (last && rankOf(last) > rankOf(claim)) found.push([last, claim]);
  }
  return found;
}
