import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

interface Ingredient {
  name: string;
  stock: number;
}

describe.each(backendKinds)("the stock, $name", (kind) => {
  let pizzeria: Pizzeria;
  let staff: string;
  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
    staff = await pizzeria.signInStaff();
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());

  const page = async (first: number, after: string | null = null) =>
    (
      await pizzeria.ask<{ inventory: Ingredient[] }>(
        "query ($first: Int, $after: String) { inventory(first: $first, after: $after) { name stock } }",
        { token: staff, variables: { first, after } },
      )
    ).data.inventory;
  const restock = (ingredient: string, quantity: unknown) =>
    pizzeria.ask<{ restock: Ingredient }>(
      "mutation ($i: ID!, $q: Int!) { restock(ingredient: $i, quantity: $q) { name stock } }",
      { token: staff, variables: { i: ingredient, q: quantity } },
    );

  test("is listed by name, in pages that follow each other", async () => {
    const all = await page(100);
    expect(all.map(({ name }) => name)).toEqual([...all.map(({ name }) => name)].sort());
    const first = await page(7);
    const second = await page(100, first.at(-1)?.name);
    expect([...first, ...second]).toEqual(all);
    expect(await page(5, "zzz")).toEqual([]);
    expect(await page(5, "\0")).toEqual([]);
  });

  test("grows by each delivery, of many at once as well", async () => {
    const before = (await page(100)).find(({ name }) => name === "Basil")?.stock ?? 0;
    const { data } = await restock("Basil", 5);
    expect(data.restock).toEqual({ name: "Basil", stock: before + 5 });
    await Promise.all(Array.from({ length: 10 }, () => restock("Basil", 2)));
    expect((await restock("Basil", 1)).data.restock.stock).toBe(before + 26);
  });

  test.each<[string, unknown, string]>([
    ["Basil", 0, "BAD_USER_INPUT"],
    ["Basil", -5, "BAD_USER_INPUT"],
    ["Basil", 1_000_001, "BAD_USER_INPUT"],
    ["Basil", 2 ** 40, "BAD_USER_INPUT"],
    ["Basil", "five", "BAD_USER_INPUT"],
    ["Moon rock", 5, "NOT_FOUND"],
    ["\0", 5, "NOT_FOUND"],
  ])("is left alone by a delivery of %j, %j", async (ingredient, quantity, code) => {
    const before = await page(100);
    const { errors } = await restock(ingredient, quantity);
    expect(errors?.[0]?.extensions.code).toBe(code);
    expect(await page(100)).toEqual(before);
  });

  test("never grows beyond what it can hold", async () => {
    const { database } = pizzeria.app.backends;
    await database.query("UPDATE ingredients SET stock = 999999999 WHERE name = 'Capers'");
    expect((await restock("Capers", 2)).errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect((await restock("Capers", 1)).data.restock.stock).toBe(1_000_000_000);
  });
});
