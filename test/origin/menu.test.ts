import { afterAll, describe, expect, test } from "vitest";
import { InvalidInputError, NotFoundError } from "../../src/origin/errors.js";
import { createLoaders } from "../../src/origin/loaders.js";
import { listMenu, setAvailability, setPrice } from "../../src/origin/menu.js";
import { menuCategories } from "../../src/origin/rows.js";
import { seedItems } from "../../src/origin/seed-menu.js";
import { databaseKinds, freshDatabase } from "../support/database.js";

for (const kind of databaseKinds) {
  describe(`the menu on ${kind}`, async () => {
    const fresh = await freshDatabase({ kind });
    const { database } = fresh;
    afterAll(() => fresh[Symbol.asyncDispose]());

    test("lists every item, by category and name, with its ingredients in the recipe's order", async () => {
      const menu = await listMenu(database);
      expect(menu).toHaveLength(seedItems.length);
      const order = menu.map((item) => `${item.category} ${item.name}`);
      expect(order).toStrictEqual([...order].sort());
      for (const { id, name, category, ingredients } of seedItems) {
        expect(menu).toContainEqual({ id, name, category, ingredients, available: true });
      }
    });

    test.each(menuCategories)("lists the items of the category %s", async (category) => {
      const expected = (await listMenu(database)).filter((item) => item.category === category);
      expect(expected).not.toHaveLength(0);
      expect(await listMenu(database, category)).toStrictEqual(expected);
    });

    test("takes a new price for one size, and says whose it is", async () => {
      expect(await setPrice(database, "harbour-m", 1600n)).toMatchObject({ id: "harbour" });
      const sizes = await createLoaders(database).sizesByItemId.load("harbour");
      expect(sizes.map((size) => size.priceCents)).toStrictEqual([1195n, 1600n, 1925n]);
    });

    test.each([
      [0n, "0.00"],
      [-1n, "-0.01"],
      [1_000_001n, "10000.01"],
      [2n ** 70n, "11805916207174113034.24"],
    ])("refuses a price of %d cents, and says so as clients write it", async (cents, written) => {
      const refused = setPrice(database, "harbour-m", cents);
      await expect(refused).rejects.toThrow(InvalidInputError);
      await expect(refused).rejects.toThrow(
        `A price must be from 0.01 to 10000.00; ${written} came.`,
      );
    });

    test("keeps a sold-out item on the list", async () => {
      expect(await setAvailability(database, "orchard", false)).toMatchObject({ available: false });
      const listed = (await listMenu(database)).find((item) => item.id === "orchard");
      expect(listed).toMatchObject({ available: false });
      expect(await setAvailability(database, "orchard", true)).toMatchObject({ available: true });
    });

    test.each(["no-such-id", "nul\0nul"])("says that %o does not exist", async (id) => {
      await expect(setPrice(database, id, 100n)).rejects.toThrow(NotFoundError);
      await expect(setAvailability(database, id, true)).rejects.toThrow(NotFoundError);
    });
  });
}
