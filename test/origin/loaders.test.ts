import { afterAll, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import { createLoaders } from "../../src/origin/loaders.js";
import { setAvailability } from "../../src/origin/menu.js";
import { placeOrder } from "../../src/origin/place-order.js";
import { seedItems } from "../../src/origin/seed-menu.js";
import { databaseKinds, freshDatabase } from "../support/database.js";

for (const kind of databaseKinds) {
  describe(`the loaders on ${kind}`, async () => {
    const fresh = await freshDatabase({ kind });
    const { database, statements } = fresh;
    afterAll(() => fresh[Symbol.asyncDispose]());

    const customer = await createCustomer(database, {
      name: "Ada",
      email: "ada@example.org",
      passwordHash: "secret hash",
    });
    const { order } = await placeOrder(database, {
      customerId: customer.id,
      lines: [
        { sizeId: "harbour-s", quantity: 2 },
        { sizeId: "harbour-l", quantity: 1 },
      ],
    });

    test("ask one statement each, however many keys one tick brings", async () => {
      const loaders = createLoaders(database);
      const { clearAll: _, ...relations } = loaders;
      for (const [name, loader] of Object.entries(relations)) {
        statements.length = 0;
        const keys = [
          "harbour",
          "harbour-s",
          order.id,
          customer.id,
          "a",
          "b",
          "nul\0",
          "1 OR true",
        ];
        await Promise.all(keys.map((key) => loader.load(key)));
        expect(statements, name).toHaveLength(1);
      }
    });

    test("load items and sizes, sizes from the smallest", async () => {
      const { itemById, sizeById, sizesByItemId } = createLoaders(database);
      const [item, size, sizes] = await Promise.all([
        itemById.load("harbour"),
        sizeById.load("harbour-l"),
        sizesByItemId.load("harbour"),
      ]);
      const seed = seedItems.find((each) => each.id === "harbour")!;
      expect(item).toMatchObject({ id: "harbour", name: "Harbour", ingredients: seed.ingredients });
      expect(size).toStrictEqual({
        id: "harbour-l",
        itemId: "harbour",
        size: "L",
        priceCents: 1925n,
      });
      expect(sizes.map((each) => each.size)).toStrictEqual(["S", "M", "L"]);
    });

    test("load orders, their lines and customers, these without the password's hash", async () => {
      const { orderById, orderLinesByOrderId, customerById } = createLoaders(database);
      const [loaded, lines, owner] = await Promise.all([
        orderById.load(order.id),
        orderLinesByOrderId.load(order.id),
        customerById.load(customer.id),
      ]);
      expect(loaded).toStrictEqual(order);
      expect(lines.map((line) => [line.lineNo, line.sizeId])).toStrictEqual([
        [1, "harbour-s"],
        [2, "harbour-l"],
      ]);
      expect(owner).toStrictEqual(customer);
    });

    test("count how often an item was ordered", async () => {
      const { timesOrderedByItemId } = createLoaders(database);
      expect(await timesOrderedByItemId.loadMany(["harbour", "orchard", "x"])).toStrictEqual([
        3, 0, 0,
      ]);
    });

    test("answer null, nothing or none for what does not exist, in its place", async () => {
      const loaders = createLoaders(database);
      expect(await loaders.itemById.loadMany(["x", "harbour", "y"])).toMatchObject([
        null,
        { id: "harbour" },
        null,
      ]);
      expect(await loaders.sizesByItemId.loadMany(["x", "nul\0"])).toStrictEqual([[], []]);
      expect(await loaders.orderById.loadMany(["x", `0${order.id}`, "1"])).toContain(null);
      expect(await loaders.orderLinesByOrderId.load("x")).toStrictEqual([]);
    });

    test("remember until they are cleared", async () => {
      const loaders = createLoaders(database);
      expect(await loaders.itemById.load("orchard")).toMatchObject({ available: true });
      await setAvailability(database, "orchard", false);
      expect(await loaders.itemById.load("orchard")).toMatchObject({ available: true });
      loaders.clearAll();
      expect(await loaders.itemById.load("orchard")).toMatchObject({ available: false });
    });
  });
}
