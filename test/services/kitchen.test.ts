import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import type { Database } from "../../src/origin/database.js";
import { placeOrder } from "../../src/origin/place-order.js";
import { KitchenUnavailableError } from "../../src/services/errors.js";
import { createKitchen } from "../../src/services/kitchen.js";
import { startKitchenTending } from "../../src/services/kitchen-tending.js";
import { createMemoryStorage, createRedisStorage, type Storage } from "../../src/storage/index.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";
import { createGate } from "../support/gate.js";
import { startRedis } from "../support/redis-server.js";
import { clusterKind, type StorageUnderTest, storageKinds } from "../support/storages.js";

let fresh: FreshDatabase;
let customerId: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  const ada = { name: "Ada", email: "ada@example.org", passwordHash: null };
  customerId = (await createCustomer(fresh.database, ada)).id;
});
afterAll(() => fresh[Symbol.asyncDispose]());
beforeEach(async () => {
  await fresh.database.query("DELETE FROM orders");
});

/** An order that is committed, and of which no queue was told. */
async function commitOrder(): Promise<string> {
  const lines = [{ sizeId: "harbour-s", quantity: 1 }];
  return (await placeOrder(fresh.database, { customerId, lines })).order.id;
}

describe.each([...storageKinds, clusterKind])("the kitchen on $kind", ({ start }) => {
  let under: StorageUnderTest;
  beforeAll(async () => {
    under = await start();
  });
  afterAll(() => under[Symbol.asyncDispose]());
  const queue = () => under.storage.sortedSet("kitchen-queue", { ties: "ascending" });
  const marks = () => under.storage.hash("kitchen-queue-built", {});
  beforeEach(async () => {
    await queue().delete();
    await marks().delete("all");
  });

  const make = (database: Database = fresh.database, storage: Storage = under.storage) =>
    createKitchen({ storage, database });
  async function order(): Promise<string> {
    const id = await commitOrder();
    await make().queue(id);
    return id;
  }
  const waiting = async () => (await make().waiting(100)).map(({ orderId }) => orderId);
  const claim = async (kitchen = make()) => (await kitchen.claimNext("oven"))?.orderId;
  const forgetAll = async () => {
    await queue().delete();
    await marks().delete("all");
  };
  /** The origin, at whose first statement of that kind somebody waits. */
  function stoppingAt(sql: string) {
    const gate = createGate();
    const query: Database["query"] = async (text, params) => {
      const rows = await fresh.database.query(text, params);
      if (text.includes(sql) && gate.arrivals === 0) await gate.pass();
      return rows as never;
    };
    return { gate, database: { ...fresh.database, query } };
  }

  test("builds its queue from the origin where it was lost, before it hands out a ticket of it", async () => {
    const [a, b, c] = [await order(), await order(), await order()];
    await make().setPriority(c, 1);
    expect(await claim()).toBe(c);
    await forgetAll();
    const late = await order();
    expect(await queue().count()).toBe(1);
    expect(await claim()).toBe(a);
    expect(await waiting()).toEqual([b, late]);
  });

  test("builds it before it is shown as well, and finds an empty one empty", async () => {
    const [a, b] = [await order(), await order()];
    await forgetAll();
    expect(await waiting()).toEqual([a, b]);
    expect([await claim(), await claim(), await claim()]).toEqual([a, b, undefined]);
    await forgetAll();
    expect(await waiting()).toEqual([]);
  });

  test("puts back what it took out of one that is being built, and was seen in its place there", async () => {
    const [a, b] = [await order(), await order()];
    await marks().delete("all");
    const { gate, database } = stoppingAt("ticket.order_id = ANY");
    const taken = createGate();
    const storage: Storage = {
      ...under.storage,
      sortedSet(name, options) {
        const set = under.storage.sortedSet(name, options);
        const pop: typeof set.pop = async (...asked) => {
          const popped = await set.pop(...asked);
          void taken.pass();
          return popped;
        };
        return { ...set, pop };
      },
    };
    const kitchen = make(database, storage);
    const building = kitchen.waiting(10);
    await gate.arrived;
    const claimed = claim(kitchen);
    await taken.arrived;
    gate.open();
    expect(await claimed).toBe(a);
    expect(await claim(kitchen)).toBe(b);
    await building;
    taken.open();
  });

  test("of many that find it lost, each is given another ticket", async () => {
    const ids = [];
    for (let i = 0; i < 12; i += 1) ids.push(await order());
    await forgetAll();
    const kitchens = [make(), make(), make()];
    const claimed = await Promise.all(Array.from({ length: 15 }, (_, i) => claim(kitchens[i % 3])));
    expect(claimed.filter((id) => id !== undefined).sort()).toEqual(ids.sort());
  });

  test("a process that dies with a ticket out of the queue and in nobody's hands loses it for a while alone", async () => {
    const [a, b] = [await order(), await order()];
    await waiting();
    const dead = createGate();
    const dying: Database = {
      ...fresh.database,
      transaction: async () => {
        await dead.pass();
        throw new Error("killed");
      },
    };
    void claim(make(dying)).catch(() => {});
    await dead.arrived;
    expect(await claim()).toBe(b);
    expect(await claim()).toBeUndefined();
    await make().tend();
    expect(await claim()).toBe(a);
  });

  test("a ticket that is put back while its station claims it is not handed out twice", async () => {
    const a = await order();
    await waiting();
    const claiming = createGate();
    const slow: Database = {
      ...fresh.database,
      transaction: async (run) => {
        await claiming.pass();
        return fresh.database.transaction(run);
      },
    };
    const first = claim(make(slow));
    await claiming.arrived;
    await make().tend();
    expect(await waiting()).toEqual([a]);
    const second = claim();
    expect(await second).toBe(a);
    claiming.open();
    expect(await first).toBeUndefined();
    expect(await waiting()).toEqual([]);
  });

  test("of two that set a priority at once, the queue follows the one that committed last", async () => {
    const [a, b] = [await order(), await order()];
    await waiting();
    const ids = { a, b };
    const { gate, database } = stoppingAt("ticket.order_id = ANY");
    // It has committed 5, and written it to the queue; it is about to look whether that is what holds.
    const first = make(database).setPriority(ids.b, 5);
    await gate.arrived;
    await make().setPriority(ids.b, -5);
    // What it wrote comes last.
    const [member] = (await queue().range({ offset: 1, count: 1 })).map((one) => one.member);
    await queue().set(new Map([[member!, 5]]));
    gate.open();
    await first;
    await make().tend();
    expect(await waiting()).toEqual([a, b]);
  });

  test("throws out of the queue what waits no more, and what never was", async () => {
    const [a, b] = [await order(), await order()];
    await waiting();
    const all = await queue().top(10);
    expect([await claim(), await claim()]).toEqual([a, b]);
    await queue().set(new Map(all.map(({ member, score }) => [member, score])));
    await queue().set(new Map([["000001700000000-000000000000999999", 9]]));
    expect(await waiting()).toEqual([]);
    expect(await claim()).toBeUndefined();
    await queue().set(new Map(all.map(({ member, score }) => [member, score])));
    await make().tend();
    expect(await queue().count()).toBe(0);
  });

  test("throws all of it out in one round, however much it is and whatever is claimed meanwhile", async () => {
    const [a, b] = [await order(), await order()];
    await waiting();
    const strays = Array.from({ length: 2_500 }, (_, i) => `000001700000000-${500_000 + i}`);
    await queue().set(new Map(strays.map((stray) => [stray, -1])));
    const { gate, database } = stoppingAt("ticket.order_id = ANY");
    const round = make(database).tend();
    await gate.arrived;
    expect(await claim()).toBe(a);
    gate.open();
    await round;
    expect(await waiting()).toEqual([b]);
    expect(await queue().count()).toBe(1);
  });

  test("gives back all that is overdue, and tells it of each", async () => {
    const ids = [];
    for (let i = 0; i < 3; i += 1) ids.push(await order());
    await make().setPriority(ids[2]!, 3);
    for (const _ of ids) await claim();
    await fresh.database.query(
      "UPDATE kitchen_tickets SET claimed_until = now() - interval '1 s' WHERE order_id <> $1",
      [ids[1]],
    );
    await Promise.all([make().tend(), make().tend(), make().tend()]);
    expect(await waiting()).toEqual([ids[2], ids[0]]);
    const [kept] = await fresh.database.query<{ station: string }>(
      "SELECT station FROM kitchen_tickets WHERE order_id = $1",
      [ids[1]],
    );
    expect(kept?.station).toBe("oven");
  });

  test("has a deadline for each ticket, as long as it was told", async () => {
    const a = await order();
    await createKitchen({
      storage: under.storage,
      database: fresh.database,
      deadlineSeconds: 60,
    }).claimNext("oven");
    const [row] = await fresh.database.query<{ seconds: number }>(
      "SELECT extract(epoch FROM claimed_until - now())::float AS seconds FROM kitchen_tickets WHERE order_id = $1",
      [a],
    );
    expect(row?.seconds).toBeGreaterThan(0);
    expect(row?.seconds).toBeLessThanOrEqual(60);
  });
});

test("gives back in one round all that is overdue, more than one transaction takes", async () => {
  const { database } = fresh;
  await database.query(
    `WITH placed AS (
       INSERT INTO orders (customer_id, status, total_cents)
       SELECT $1, 'PREPARING', 1 FROM generate_series(1, 201) RETURNING id
     )
     INSERT INTO kitchen_tickets (order_id, station, started_at, claimed_until)
     SELECT id, 'oven', now(), now() - interval '1 s' FROM placed`,
    [customerId],
  );
  const kitchen = createKitchen({ storage: createMemoryStorage(), database });
  await kitchen.tend();
  expect(await kitchen.waiting(300)).toHaveLength(201);
});

describe("while Redis is away", () => {
  test("the kitchen says so, and an order that is placed is queued when it is back", async () => {
    await using server = await startRedis();
    const redis = server.client({ enableOfflineQueue: false });
    const storage = createRedisStorage({ redis, commandTimeoutMs: 200 });
    const kitchen = createKitchen({ storage, database: fresh.database });
    const a = await commitOrder();
    await kitchen.queue(a);
    expect((await kitchen.waiting(10)).map(({ orderId }) => orderId)).toEqual([a]);

    await server.kill();
    const b = await commitOrder();
    await kitchen.queue(b);
    expect((await kitchen.setPriority(b, 4)).priority).toBe(4);
    for (const attempt of [
      () => kitchen.claimNext("oven"),
      () => kitchen.waiting(10),
      () => kitchen.tend(),
    ]) {
      await expect(attempt()).rejects.toBeInstanceOf(KitchenUnavailableError);
    }

    await server.restart();
    const problems: unknown[] = [];
    const tending = startKitchenTending({
      kitchen,
      everyMs: 20,
      onProblem: (error) => problems.push(error),
    });
    await expect
      .poll(async () =>
        kitchen
          .waiting(10)
          .then((all) => all.map(({ orderId }) => orderId))
          .catch(() => []),
      )
      .toEqual([b, a]);
    await server.kill();
    await expect.poll(() => problems.length).toBe(1);
    expect(problems[0]).toBeInstanceOf(KitchenUnavailableError);
    await tending.close();
  });
});
