import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { afterImport } from "../src/after-import.js";
import { tagsOf } from "../src/evictions.js";
import { createLogger } from "../src/http/logger.js";
import { importFolder } from "../src/origin/importer.js";
import { setPrice } from "../src/origin/menu.js";
import {
  embedded,
  openPizzeria,
  type Pizzeria,
  servers,
  startBackends,
  startPizzeria,
} from "./support/pizzeria.js";
import { salesFolder } from "./support/sales-folder.js";

const MENU = "{ menu { sizes { id price } } }";

interface Menu {
  menu: { sizes: { id: string; price: string }[] }[];
}

async function price(pizzeria: Pizzeria, sizeId: string): Promise<string | undefined> {
  const { data } = await pizzeria.ask<Menu>(MENU);
  return data.menu.flatMap((item) => item.sizes).find((size) => size.id === sizeId)?.price;
}

/** The tags of each recorded eviction that nobody has delivered. */
async function recorded({ app }: Pizzeria): Promise<string[][]> {
  const rows = await app.backends.database.query<{ tags: string }>(
    "SELECT tags FROM cache_evictions ORDER BY id",
  );
  return rows.map(({ tags }) => JSON.parse(tags));
}

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
function later<T extends AsyncDisposable>(one: T): T {
  opened.push(one);
  return one;
}

test("the tags of a change are escaped as the directives escape them", () => {
  expect(tagsOf({ itemIds: ["a:b"], orderIds: ["7"], customerIds: ["c%"] })).toEqual([
    "menu",
    "menu-item:a%3Ab",
    "order:7",
    "orders:c%25",
  ]);
  expect(tagsOf({})).toEqual([]);
});

describe("what a mutation records with its change", () => {
  let pizzeria: Pizzeria;
  beforeAll(async () => {
    pizzeria = await startPizzeria(embedded);
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());

  test.each<[string, string, "staff" | "customer"]>([
    ["setPrice", 'mutation { setPrice(sizeId: "harbour-s", price: "12.34") { id } }', "staff"],
    [
      "setAvailability",
      'mutation { setAvailability(itemId: "orchard", available: false) { id } }',
      "staff",
    ],
    ["placeOrder", "mutation { placeOrder { id } }", "customer"],
    ["claimNextTicket", 'mutation { claimNextTicket(station: "oven") { priority } }', "staff"],
    ["completeTicket", 'mutation { completeTicket(orderId: "1") { id } }', "staff"],
  ])("is what its directive evicts: %s", async (_name, mutation, who) => {
    const token = await (who === "staff" ? pizzeria.signInStaff() : pizzeria.signUp());
    await pizzeria.ask('mutation { addToCart(sizeId: "harbour-s") { loginTime } }', { token });
    const { cache, database } = pizzeria.app.backends;
    await database.query("DELETE FROM cache_evictions");
    const evicted: string[] = [];
    const stop = cache.onEvent((event) => {
      if (event.type === "evict") evicted.push(...event.tags);
    });
    expect((await pizzeria.ask(mutation, { token })).errors).toBeUndefined();
    stop();
    const [tags = [], ...more] = await recorded(pizzeria);
    expect(tags.length).toBeGreaterThan(0);
    expect([...tags].sort()).toEqual([...evicted].sort());
    expect(more).toEqual([]);
  });

  test("is nothing when it is refused", async () => {
    const token = await pizzeria.signInStaff();
    await pizzeria.app.backends.database.query("DELETE FROM cache_evictions");
    for (const mutation of [
      'mutation { setPrice(sizeId: "no-such", price: "1.00") { id } }',
      'mutation { setAvailability(itemId: "no-such", available: true) { id } }',
      "mutation { placeOrder { id } }",
      'mutation { completeTicket(orderId: "no-such") { id } }',
      'mutation { completeTicket(orderId: "1") { id } }',
    ]) {
      expect(await pizzeria.codeOf(mutation, { token })).toBeDefined();
    }
    expect(await recorded(pizzeria)).toEqual([]);
  });
});

describe("a change whose eviction nobody issued", () => {
  test.each([embedded, servers])(
    "is seen within moments by a running server, $name",
    async (kind) => {
      const backends = later(await startBackends(kind));
      const pizzeria = later(await openPizzeria(backends, { relay: true }));
      expect(await price(pizzeria, "harbour-s")).toBe("11.95");
      await setPrice(pizzeria.app.backends.database, "harbour-s", 1234n);
      await expect.poll(() => price(pizzeria, "harbour-s")).toBe("12.34");
      await expect.poll(() => recorded(pizzeria)).toEqual([]);
    },
  );

  test("is seen once a server that starts is open, and in the other processes", async () => {
    const backends = later(await startBackends(servers));
    const there = later(await openPizzeria(backends));
    await price(there, "harbour-s");
    await setPrice(there.app.backends.database, "harbour-s", 1234n);
    expect(await price(there, "harbour-s")).toBe("11.95");
    const here = later(
      await openPizzeria(backends, { database: there.app.backends.database, relay: true }),
    );
    expect(await price(there, "harbour-s")).toBe("12.34");
    expect(await price(here, "harbour-s")).toBe("12.34");
    expect(await recorded(here)).toEqual([]);
  });

  test("is seen in a server that starts while Redis is away, and in all when it is back", async () => {
    const backends = later(await startBackends(servers));
    const there = later(await openPizzeria(backends));
    await price(there, "harbour-s");
    const { database } = there.app.backends;
    await setPrice(database, "harbour-s", 1234n);
    backends.redis?.pause();
    const here = later(await openPizzeria(backends, { database, relay: true }));
    expect(await price(here, "harbour-s")).toBe("12.34");
    expect(await recorded(here)).toHaveLength(1);
    const ready = async () => (await here.app.fastify.inject("/health/ready")).json();
    expect(await ready()).toMatchObject({ status: "degraded", undeliveredEvictions: 1 });
    backends.redis?.resume();
    await expect.poll(() => recorded(here), { timeout: 10_000 }).toEqual([]);
    expect(await price(here, "harbour-s")).toBe("12.34");
    expect(await price(there, "harbour-s")).toBe("12.34");
    await expect
      .poll(ready, { timeout: 10_000 })
      .toMatchObject({ status: "ok", undeliveredEvictions: 0 });
  });
});

describe("an import", () => {
  async function imported(pizzeria: Pizzeria) {
    await using folder = await salesFolder();
    return await importFolder(pizzeria.app.backends.database, folder.path, { menuOnly: true });
  }
  const names = async (pizzeria: Pizzeria) =>
    (await pizzeria.ask<{ menu: { id: string }[] }>("{ menu { id } }")).data.menu.map(
      ({ id }) => id,
    );

  test("records what it changed, and delivers it where Redis is shared", async () => {
    const backends = later(await startBackends(servers));
    const pizzeria = later(await openPizzeria(backends));
    await names(pizzeria);
    const { changedItemIds } = await imported(pizzeria);
    expect(await recorded(pizzeria)).toEqual([tagsOf({ itemIds: changedItemIds })]);
    expect(await names(pizzeria)).toContain("harbour");
    const { database } = pizzeria.app.backends;
    const config = { ...pizzeria.config, databaseUrl: "memory:" };
    await afterImport({ config, log: createLogger("test"), database });
    expect(await recorded(pizzeria)).toEqual([]);
    expect(await names(pizzeria)).toEqual(["comet", "meteor"]);
  });

  test("leaves it to the servers where each has a cache of its own", async () => {
    const backends = later(await startBackends(embedded));
    const pizzeria = later(await openPizzeria(backends));
    await imported(pizzeria);
    const { database } = pizzeria.app.backends;
    await afterImport({ config: pizzeria.config, log: createLogger("test"), database });
    expect(await recorded(pizzeria)).toHaveLength(1);
  });
});
