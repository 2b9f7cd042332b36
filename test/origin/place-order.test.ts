import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import {
  EmptyOrderError,
  InsufficientStockError,
  InvalidInputError,
  ItemUnavailableError,
  NotFoundError,
} from "../../src/origin/errors.js";
import { createLoaders } from "../../src/origin/loaders.js";
import { setAvailability, setPrice } from "../../src/origin/menu.js";
import { placeOrder } from "../../src/origin/place-order.js";
import { salesTotals, topItems } from "../../src/origin/popularity.js";
import type { CustomerRow } from "../../src/origin/rows.js";
import { databaseKinds, freshDatabase } from "../support/database.js";

for (const kind of databaseKinds) {
  describe(`placing an order on ${kind}`, async () => {
    const fresh = await freshDatabase({ kind });
    const { database, statements } = fresh;
    afterAll(() => fresh[Symbol.asyncDispose]());

    let customer: CustomerRow;
    let customers = 0;
    beforeEach(async () => {
      await database.query("UPDATE ingredients SET stock = 100");
      await database.query("DELETE FROM orders");
      await database.query("DELETE FROM item_order_counts");
      const email = `${++customers}@example.org`;
      customer = await createCustomer(database, { name: "Ada", email, passwordHash: null });
    });

    const order = (lines: [sizeId: string, quantity: number][], idempotencyKey?: string) =>
      placeOrder(database, {
        customerId: customer.id,
        lines: lines.map(([sizeId, quantity]) => ({ sizeId, quantity })),
        idempotencyKey,
      });

    const stock = async (name: string) => {
      const rows = await database.query<{ stock: number }>(
        "SELECT stock FROM ingredients WHERE name = $1",
        [name],
      );
      return rows[0]?.stock;
    };
    const setStock = (name: string, units: number) =>
      database.query("UPDATE ingredients SET stock = $2 WHERE name = $1", [name, units]);

    test("writes it with the menu's prices, takes its ingredients and counts its pizzas", async () => {
      const {
        order: placed,
        lines,
        repeated,
      } = await order([
        ["margherita-m", 2],
        ["marinara-s", 3],
      ]);
      expect(placed).toMatchObject({ customerId: customer.id, status: "PENDING", readyAt: null });
      expect(placed.totalCents).toBe(2n * 1250n + 3n * 850n);
      expect(placed.placedAt).toBeInstanceOf(Date);
      expect(repeated).toBe(false);
      expect(lines).toStrictEqual([
        { sizeId: "margherita-m", itemId: "margherita", quantity: 2, unitPriceCents: 1250n },
        { sizeId: "marinara-s", itemId: "marinara", quantity: 3, unitPriceCents: 850n },
      ]);
      expect(await createLoaders(database).orderLinesByOrderId.load(placed.id)).toStrictEqual([
        {
          orderId: placed.id,
          lineNo: 1,
          sizeId: "margherita-m",
          quantity: 2,
          unitPriceCents: 1250n,
        },
        { orderId: placed.id, lineNo: 2, sizeId: "marinara-s", quantity: 3, unitPriceCents: 850n },
      ]);
      expect([
        await stock("Tomato Sauce"),
        await stock("Basil"),
        await stock("Garlic"),
      ]).toStrictEqual([95, 98, 97]);
      expect(await topItems(database, 5)).toStrictEqual([
        { itemId: "marinara", timesOrdered: 3 },
        { itemId: "margherita", timesOrdered: 2 },
      ]);
    });

    test("costs the same number of statements for one line as for many", async () => {
      const cost = async (lines: [string, number][]) => {
        statements.length = 0;
        await order(lines);
        return statements.length;
      };
      const one = await cost([["harbour-s", 1]]);
      expect(
        await cost([
          ["harbour-s", 1],
          ["orchard-m", 1],
          ["firecracker-l", 2],
        ]),
      ).toBe(one);
    });

    test("joins lines of one size", async () => {
      const { lines } = await order([
        ["harbour-s", 1],
        ["harbour-s", 2],
      ]);
      expect(lines).toMatchObject([{ sizeId: "harbour-s", quantity: 3 }]);
    });

    test("keeps the price of the day when the menu's changes", async () => {
      const { order: placed } = await order([["orchard-l", 1]]);
      await setPrice(database, "orchard-l", 1999n);
      const [line] = await createLoaders(database).orderLinesByOrderId.load(placed.id);
      expect(line?.unitPriceCents).toBe(1795n);
      expect((await order([["orchard-l", 1]])).order.totalCents).toBe(1999n);
      await setPrice(database, "orchard-l", 1795n);
    });

    test("refuses more than the stock, says of what, and does nothing at all", async () => {
      await setStock("Capers", 2);
      const refusal = order([
        ["margherita-s", 1],
        ["harbour-s", 2],
        ["harbour-m", 1],
      ]);
      await expect(refusal).rejects.toThrow(InsufficientStockError);
      await expect(refusal).rejects.toMatchObject({ ingredient: "Capers", left: 2, needed: 3 });
      expect(await stock("Basil")).toBe(100);
      expect(await stock("Capers")).toBe(2);
      expect(await salesTotals(database)).toMatchObject({ orders: 0, lines: 0 });
      expect(await topItems(database, 5)).toStrictEqual([]);
    });

    test("lets no more orders through than the stock allows, however many come at once", async () => {
      await setStock("Walnuts", 10);
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, (_, n) => order([[n % 2 ? "orchard-s" : "forest-floor-s", 1]])),
      );
      const placed = results.filter((result) => result.status === "fulfilled");
      const refused = results.filter((result) => result.status === "rejected");
      expect(placed).toHaveLength(10);
      for (const { reason } of refused) {
        expect(reason).toBeInstanceOf(InsufficientStockError);
        expect(reason).toMatchObject({ ingredient: "Walnuts", left: 0 });
      }
      expect(await stock("Walnuts")).toBe(0);
      expect(await salesTotals(database)).toMatchObject({ orders: 10, lines: 10, pizzas: 10 });
      const counted = (await topItems(database, 5)).reduce((sum, row) => sum + row.timesOrdered, 0);
      expect(counted).toBe(10);
    });

    test("orders that need the same ingredients in other orders do not wait for each other", async () => {
      const sizes = ["lighthouse-s", "harbour-s", "firecracker-s", "baker-street-s"];
      await Promise.all(
        Array.from({ length: 24 }, (_, n) => {
          const turned = [...sizes.slice(n % 4), ...sizes.slice(0, n % 4)];
          return order(turned.map((size) => [size, 1]));
        }),
      );
      expect(await stock("Tomato Sauce")).toBe(100 - 24 * 4);
    });

    test("the same key twice places one order and answers with it, even without lines", async () => {
      const first = await order([["harbour-s", 1]], "key");
      expect(await order([], "key")).toStrictEqual({
        order: first.order,
        lines: [],
        ordersOfHour: 0,
        repeated: true,
        isOfCheckout: false,
      });
      expect(await stock("Capers")).toBe(99);
    });

    test("the same key twenty times at once places one order", async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => order([["harbour-s", 1]], "key")),
      );
      expect(new Set(answers.map((answer) => answer.order.id)).size).toBe(1);
      expect(answers.filter((answer) => !answer.repeated)).toHaveLength(1);
      expect(await stock("Capers")).toBe(99);
    });

    test("a key is the customer's own", async () => {
      const mine = await order([["harbour-s", 1]], "key");
      customer = await createCustomer(database, {
        name: "Grace",
        email: `grace${customers}@example.org`,
        passwordHash: null,
      });
      const hers = await order([["harbour-s", 1]], "key");
      expect(hers).toMatchObject({ repeated: false, order: { customerId: customer.id } });
      expect(hers.order.id).not.toBe(mine.order.id);
    });

    test("a key whose order was refused can be used again", async () => {
      await setStock("Capers", 0);
      await expect(order([["harbour-s", 1]], "key")).rejects.toThrow(InsufficientStockError);
      await setStock("Capers", 1);
      expect(await order([["harbour-s", 1]], "key")).toMatchObject({ repeated: false });
    });

    test("refuses an item that is sold out", async () => {
      await setAvailability(database, "harbour", false);
      const refusal = order([
        ["margherita-s", 1],
        ["harbour-s", 1],
      ]);
      await expect(refusal).rejects.toThrow(ItemUnavailableError);
      await expect(refusal).rejects.toThrow("Harbour is not available.");
      await setAvailability(database, "harbour", true);
      expect(await stock("Basil")).toBe(100);
    });

    test("refuses a size that is off the menu, though its item is on it", async () => {
      const retire = (retired: boolean) =>
        database.query("UPDATE menu_item_sizes SET retired = $1 WHERE id = 'harbour-s'", [retired]);
      await retire(true);
      await expect(order([["harbour-s", 1]])).rejects.toThrow(ItemUnavailableError);
      await retire(false);
      expect(await order([["harbour-s", 1]])).toMatchObject({ repeated: false });
    });

    // The embedded database has one connection: there nothing comes between a transaction's statements.
    if (kind === "postgres") {
      test("waits for an import under way and then orders from the menu it made", async () => {
        const copy = "harbour-copy";
        await database.query(
          `INSERT INTO menu_item_sizes (id, item_id, size, price_cents) VALUES ('${copy}', 'harbour', 'XL', 1)`,
        );
        let waiting: Promise<unknown> | undefined;
        await database.transaction(async (tx) => {
          await tx.query("LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE");
          waiting = order([[copy, 1]]).catch((error) => error);
          for (let blocked = 0; blocked === 0; ) {
            const rows = await tx.query<{ blocked: number }>(
              "SELECT count(*)::int AS blocked FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass",
            );
            blocked = rows[0]!.blocked;
          }
          await tx.query("DELETE FROM menu_item_sizes WHERE id = $1", [copy]);
        });
        expect(await waiting).toBeInstanceOf(NotFoundError);
      });
    }

    test.each(["no-such-size", "nul\0nul", ""])("refuses the unknown size %o", async (sizeId) => {
      await expect(order([[sizeId, 1]])).rejects.toThrow(NotFoundError);
    });

    test("refuses an order without lines", async () => {
      await expect(order([])).rejects.toThrow(EmptyOrderError);
    });

    test.each([0, -1, 101, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
      "refuses the quantity %d",
      async (quantity) => {
        await expect(order([["harbour-s", quantity]])).rejects.toThrow(
          /must be a whole number from 1 to 100/,
        );
      },
    );

    test("refuses a quantity that two lines of a size make together", async () => {
      await expect(
        order([
          ["harbour-s", 60],
          ["harbour-s", 41],
        ]),
      ).rejects.toThrow("101 came");
    });

    test("refuses more lines than an order may have", async () => {
      const lines = Array.from({ length: 51 }, (_, n): [string, number] => [`size-${n}`, 1]);
      await expect(order(lines)).rejects.toThrow("at most 50 lines; 51 came");
    });

    test.each(["", "x".repeat(201), "nul\0nul", "half\ud800"])(
      "refuses the key %o",
      async (key) => {
        await expect(order([["harbour-s", 1]], key)).rejects.toThrow(InvalidInputError);
      },
    );
  });
}
