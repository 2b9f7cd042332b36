import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { topItems } from "../../src/origin/popularity.js";
import { createPopularity } from "../../src/services/popularity.js";
import {
  createMemoryStorage,
  type Storage,
  StorageUnavailableError,
} from "../../src/storage/index.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";
import { createGate } from "../support/gate.js";
import { startLastingStorage } from "../support/lasting-storage.js";
import { type StorageUnderTest, storageKinds } from "../support/storages.js";

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
  await fresh.database.query(
    `INSERT INTO menu_items (id, name, category, ingredients)
     SELECT 'item-' || lpad(n::text, 3, '0'), 'Item ' || n, 'CLASSIC', ARRAY['Basil']
     FROM generate_series(0, 99) AS n`,
  );
});
afterAll(() => fresh[Symbol.asyncDispose]());
beforeEach(() => setCounts({}));

/** The origin's counts, instead of those that are there. */
async function setCounts(counts: Record<string, number>): Promise<void> {
  await fresh.database.query("DELETE FROM item_order_counts");
  await fresh.database.query(
    "INSERT INTO item_order_counts (item_id, times_ordered) SELECT * FROM unnest($1::text[], $2::int[])",
    [Object.keys(counts), Object.values(counts)],
  );
  fresh.statements.length = 0;
}

async function order(itemId: string, times: number): Promise<{ itemId: string }[]> {
  await fresh.database.query(
    `INSERT INTO item_order_counts (item_id, times_ordered) VALUES ($1, $2)
     ON CONFLICT (item_id) DO UPDATE SET times_ordered = item_order_counts.times_ordered + $2`,
    [itemId, times],
  );
  return [{ itemId }];
}

const item = (n: number) => `item-${String(n).padStart(3, "0")}`;
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [item(n), 1_000 - n]));

describe.each(storageKinds)("popularity on $kind", ({ start }) => {
  let under: StorageUnderTest;
  beforeAll(async () => {
    under = await start();
  });
  afterAll(() => under[Symbol.asyncDispose]());
  beforeEach(() => under.storage.sortedSet("most-ordered", { ties: "ascending" }).delete());

  const make = () => createPopularity({ storage: under.storage, database: fresh.database });

  test("is built from the origin where the storage is empty, and then asks the origin no more", async () => {
    await setCounts({ [item(1)]: 5, [item(2)]: 9, [item(3)]: 5 });
    const popularity = make();
    const expected = [
      { itemId: item(2), timesOrdered: 9 },
      { itemId: item(1), timesOrdered: 5 },
      { itemId: item(3), timesOrdered: 5 },
    ];
    expect(await popularity.top(10)).toEqual(expected);
    fresh.statements.length = 0;
    expect(await popularity.top(10)).toEqual(expected);
    expect(await make().top(2)).toEqual(expected.slice(0, 2));
    expect(fresh.statements).toEqual([]);
  });

  test("keeps the top 50, and answers for more from the origin", async () => {
    await setCounts(many(80));
    const popularity = make();
    await popularity.top(1);
    expect(await under.storage.sortedSet("most-ordered", { ties: "ascending" }).count()).toBe(50);
    expect(await popularity.top(50)).toHaveLength(50);
    expect(await popularity.top(60)).toHaveLength(60);
  });

  test("takes over what an order brought, for an item below the 50 as well", async () => {
    await setCounts(many(80));
    const popularity = make();
    await popularity.top(1);
    await popularity.record(await order(item(79), 500));
    expect((await popularity.top(1))[0]).toEqual({ itemId: item(79), timesOrdered: 1_421 });
    expect(await under.storage.sortedSet("most-ordered", { ties: "ascending" }).count()).toBe(50);
  });

  test("orders recorded late, twice or at once leave the exact counts", async () => {
    await setCounts({ [item(1)]: 1 });
    const popularity = make();
    await popularity.top(1);
    const orders = await Promise.all(Array.from({ length: 20 }, () => order(item(1), 1)));
    await Promise.all([...orders, ...orders].map((lines) => make().record(lines)));
    expect(await popularity.top(1)).toEqual([{ itemId: item(1), timesOrdered: 21 }]);
  });

  test("an order recorded before the set is built does not make a set of its own", async () => {
    await setCounts({ [item(1)]: 5 });
    const popularity = make();
    await popularity.record(await order(item(2), 1));
    expect(await popularity.top(10)).toEqual([
      { itemId: item(1), timesOrdered: 5 },
      { itemId: item(2), timesOrdered: 1 },
    ]);
  });

  test("an order that is committed and recorded while the set is built is in it", async () => {
    await setCounts({ [item(1)]: 5 });
    const read = createGate();
    const database: typeof fresh.database = {
      ...fresh.database,
      async query<Row>(sql: string, params?: readonly unknown[]) {
        const rows = await fresh.database.query<Row>(sql, params);
        if (read.arrivals === 0) await read.pass();
        return rows;
      },
    };
    const building = createPopularity({ storage: under.storage, database }).top(10);
    await read.arrived;
    await make().record(await order(item(1), 3));
    read.open();
    expect(await building).toEqual([{ itemId: item(1), timesOrdered: 8 }]);
    expect(await make().top(10)).toEqual([{ itemId: item(1), timesOrdered: 8 }]);
  });

  test("of many who find it empty one builds it, and all are answered", async () => {
    await setCounts({ [item(1)]: 5 });
    const [first, second] = [make(), make()];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? first : second).top(1)),
    );
    for (const rows of answers) expect(rows).toEqual([{ itemId: item(1), timesOrdered: 5 }]);
    const building = fresh.statements.length - answers.length;
    expect(building).toBeLessThanOrEqual(1);
  });

  test("a shop without orders has none", async () => {
    expect(await make().top(10)).toEqual([]);
    await make().record([]);
    expect(await make().top(10)).toEqual([]);
  });

  test("rebuilding takes over lower counts and items that are gone", async () => {
    await setCounts({ [item(1)]: 5, [item(2)]: 3 });
    const popularity = make();
    await popularity.top(1);
    await setCounts({ [item(2)]: 1 });
    await popularity.rebuild();
    expect(await popularity.top(10)).toEqual([{ itemId: item(2), timesOrdered: 1 }]);
  });

  test("has the same last one among equals as the origin has", async () => {
    const equals = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [item(n + 1), 3]));
    await setCounts(equals);
    const popularity = make();
    await popularity.top(50);
    for (const late of [item(60), item(55)]) await popularity.record([{ itemId: late }]);
    expect(await popularity.top(50)).toEqual(await topItems(fresh.database, 50));
  });

  test("is read anew from the origin within the hour", async () => {
    await setCounts({ [item(1)]: 5 });
    const popularity = make();
    await popularity.top(1);
    await order(item(1), 1);
    await under.advanceSeconds(3_600);
    expect(await popularity.top(1)).toEqual([{ itemId: item(1), timesOrdered: 6 }]);
  });
});

test("without Redis popularity comes from the origin, orders pass, and what was missed is put right", async () => {
  // Persistent, so that it comes back with the counts from before.
  await using lasting = await startLastingStorage();
  const { server, redis, storage } = lasting;
  const popularity = createPopularity({ storage, database: fresh.database });
  await setCounts({ [item(1)]: 5 });
  await popularity.top(1);

  await server.kill();
  await popularity.record(await order(item(1), 2));
  expect(await popularity.top(1)).toEqual([{ itemId: item(1), timesOrdered: 7 }]);
  await server.restart();
  const stored = () => server.client().zscore("storage:most-ordered", item(1));
  // Negated, as sets with ascending ties are.
  expect(await stored()).toBe("-5");
  await vi.waitFor(() => expect(redis.status).toBe("ready"), { timeout: 5_000 });
  expect(await popularity.top(1)).toEqual([{ itemId: item(1), timesOrdered: 7 }]);
  expect(await stored()).toBe("-7");
});

test("What one process could not write, no other goes on without once that one writes again", async () => {
  await using lasting = await startLastingStorage();
  const { server, storage } = lasting;
  const make = () => createPopularity({ storage, database: fresh.database });
  const [writer, reader] = [make(), make()];
  await setCounts({ [item(1)]: 5, [item(2)]: 1 });
  await reader.top(2);

  await server.kill();
  await writer.record(await order(item(1), 2));
  await server.restart();
  const ranking = storage.sortedSet("most-ordered", { ties: "ascending" });
  await expect
    .poll(async () => {
      await writer.record(await order(item(2), 1));
      await reader.top(1);
      return ranking.scores([item(1)]);
    })
    .toEqual([7]);
});

test("What could not be written is not forgotten over a write that was under way and succeeded", async () => {
  const memory = createMemoryStorage();
  const gate = createGate();
  let isAway = false;
  let isHeld = false;
  const storage: Storage = {
    ...memory,
    sortedSet(name, options) {
      const set = memory.sortedSet(name, options);
      const raise: typeof set.raise = async (...given) => {
        if (isAway) throw new StorageUnavailableError("away");
        const isWritten = await set.raise(...given);
        if (isHeld) await gate.pass();
        return isWritten;
      };
      return { ...set, raise };
    },
  };
  const popularity = createPopularity({ storage, database: fresh.database });
  await setCounts({ [item(1)]: 5, [item(2)]: 1 });
  await popularity.top(1);
  isHeld = true;
  const written = popularity.record(await order(item(2), 1));
  await gate.arrived;
  isAway = true;
  await popularity.record(await order(item(1), 2));
  isAway = false;
  gate.open();
  await written;
  expect(await popularity.top(1)).toEqual([{ itemId: item(1), timesOrdered: 7 }]);
});
