import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

const POPULAR = "{ popularItems(first: 2) { timesOrdered item { name } } }";

describe.each(backendKinds)("popularity, $name", (kind) => {
  let pizzeria: Pizzeria;
  let token: string;

  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
    token = await pizzeria.signUp();
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());

  async function order(lines: Record<string, number>): Promise<void> {
    const adds = Object.entries(lines).map(
      ([id, quantity], i) =>
        `a${i}: addToCart(sizeId: "${id}", quantity: ${quantity}) { loginTime }`,
    );
    const { errors } = await pizzeria.ask(`mutation { ${adds.join(" ")} placeOrder { id } }`, {
      token,
    });
    expect(errors).toBeUndefined();
  }

  test("is nobody's before the first order", async () => {
    expect((await pizzeria.ask(POPULAR)).data).toEqual({ popularItems: [] });
  });

  test("counts every pizza of every order, whatever its size", async () => {
    await order({ "harbour-s": 2, "harbour-l": 1, "orchard-m": 4 });
    await order({ "harbour-m": 2, "marinara-s": 1 });
    expect((await pizzeria.ask(POPULAR)).data).toEqual({
      popularItems: [
        { timesOrdered: 5, item: { name: "Harbour" } },
        { timesOrdered: 4, item: { name: "Orchard" } },
      ],
    });
  });

  test("is told with each item, by one statement for all", async () => {
    const staff = await pizzeria.signInStaff();
    await pizzeria.ask('mutation { evictTags(tags: ["menu"]) }', { token: staff });
    pizzeria.statements.length = 0;
    const { data } = await pizzeria.ask<{ menu: { id: string; timesOrdered: number }[] }>(
      "{ menu { id timesOrdered } }",
    );
    expect(data.menu).toContainEqual({ id: "harbour", timesOrdered: 5 });
    expect(data.menu).toContainEqual({ id: "firecracker", timesOrdered: 0 });
    expect(pizzeria.statements).toHaveLength(2);
  });

  test.each([0, -1, 101])("is not asked for the first %d", async (first) => {
    const query = `{ popularItems(first: ${first}) { timesOrdered } }`;
    expect(await pizzeria.codeOf(query)).toBe("BAD_USER_INPUT");
  });

  test("names nothing that has left the menu, even before it is counted anew", async () => {
    const { database } = pizzeria.app.backends;
    await database.query("DELETE FROM order_lines WHERE size_id LIKE 'harbour-%'");
    await database.query("DELETE FROM menu_items WHERE id = 'harbour'");
    const { data, errors } = await pizzeria.ask<{ popularItems: unknown[] }>(POPULAR);
    expect(errors).toBeUndefined();
    expect(data.popularItems).not.toContainEqual({ timesOrdered: 5, item: expect.anything() });
  });
});
