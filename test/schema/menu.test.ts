import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

const MENU = "{ menu { id name sizes { id size price } } }";
const setPrice = (sizeId: string, price: string) =>
  `mutation { setPrice(sizeId: "${sizeId}", price: "${price}") { id sizes { id price } } }`;
const setAvailability = (itemId: string, available: boolean) =>
  `mutation { setAvailability(itemId: "${itemId}", available: ${available}) { id available } }`;

interface Menu {
  menu: { id: string; name: string; sizes: { id: string; size: string; price: string }[] }[];
}
const priceIn = ({ menu }: Menu, sizeId: string) =>
  menu.flatMap((item) => item.sizes).find((size) => size.id === sizeId)?.price;

describe.each(backendKinds)("the menu, $name", (kind) => {
  let pizzeria: Pizzeria;
  let staff: string;
  let customer: string;

  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
    staff = await pizzeria.signInStaff();
    customer = await pizzeria.signUp();
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());

  test("lists every item, its sizes from the smallest, prices with two decimals", async () => {
    const { data, errors } = await pizzeria.ask<Menu>(MENU);
    expect(errors).toBeUndefined();
    expect(data.menu).toHaveLength(10);
    expect(data.menu.find((item) => item.id === "margherita")).toEqual({
      id: "margherita",
      name: "Margherita",
      sizes: [
        { id: "margherita-s", size: "S", price: "9.50" },
        { id: "margherita-m", size: "M", price: "12.50" },
        { id: "margherita-l", size: "L", price: "15.50" },
      ],
    });
  });

  test("asked again, asks the origin no more", async () => {
    await pizzeria.ask(MENU);
    pizzeria.statements.length = 0;
    await pizzeria.ask(MENU);
    expect(pizzeria.statements).toEqual([]);
  });

  test("lists one category", async () => {
    const { data } = await pizzeria.ask<{ menu: { category: string }[] }>(
      "{ menu(category: CHICKEN) { category } }",
    );
    expect(data.menu).toEqual([{ category: "CHICKEN" }, { category: "CHICKEN" }]);
  });

  test("has an item by its id, and null for no item", async () => {
    const { data } = await pizzeria.ask(
      '{ item: menuItem(id: "harbour") { name ingredients available } none: menuItem(id: "x") { id } }',
    );
    expect(data).toEqual({
      item: {
        name: "Harbour",
        ingredients: ["Tomato Sauce", "Tuna", "Capers", "Red Onion", "Olives"],
        available: true,
      },
      none: null,
    });
  });

  test("shows a price that staff set at the very next read", async () => {
    await pizzeria.ask(MENU);
    const { data } = await pizzeria.ask<{ setPrice: Menu["menu"][0] }>(
      setPrice("harbour-s", "11.11"),
      { token: staff },
    );
    expect(priceIn({ menu: [data.setPrice] }, "harbour-s")).toBe("11.11");
    expect(priceIn((await pizzeria.ask<Menu>(MENU)).data, "harbour-s")).toBe("11.11");
  });

  test("shows at the very next read that an item cannot be had", async () => {
    const query = '{ menu { id available } menuItem(id: "orchard") { available } }';
    await pizzeria.ask(query);
    await pizzeria.ask(setAvailability("orchard", false), { token: staff });
    const { data } = await pizzeria.ask<{ menu: unknown[]; menuItem: unknown }>(query);
    expect(data.menuItem).toEqual({ available: false });
    expect(data.menu).toContainEqual({ id: "orchard", available: false });
  });

  test.each([
    ["without a session", undefined, "UNAUTHENTICATED"],
    ["with a token that opens none", "x".repeat(43), "UNAUTHENTICATED"],
  ])("refuses changes %s", async (_how, token, code) => {
    expect(await pizzeria.codeOf(setPrice("harbour-m", "1.00"), { token })).toBe(code);
    expect(await pizzeria.codeOf(setAvailability("harbour", false), { token })).toBe(code);
  });

  test("keeps what is cached of it, whoever is refused a change", async () => {
    await pizzeria.ask(MENU);
    await pizzeria.ask('{ menuItem(id: "harbour") { name sizes { price } } }');
    for (const token of [undefined, "x".repeat(43), customer]) {
      await pizzeria.codeOf(setPrice("harbour-m", "1.00"), { token });
      await pizzeria.codeOf(setAvailability("harbour", false), { token });
    }
    pizzeria.statements.length = 0;
    await pizzeria.ask(MENU);
    await pizzeria.ask('{ menuItem(id: "harbour") { name sizes { price } } }');
    expect(pizzeria.statements).toEqual([]);
  });

  test("refuses changes by a customer, and changes nothing", async () => {
    const before = (await pizzeria.ask<Menu>(MENU)).data;
    expect(await pizzeria.codeOf(setPrice("harbour-m", "1.00"), { token: customer })).toBe(
      "FORBIDDEN",
    );
    expect(await pizzeria.codeOf(setAvailability("harbour", false), { token: customer })).toBe(
      "FORBIDDEN",
    );
    expect((await pizzeria.ask<Menu>(MENU)).data).toEqual(before);
  });

  test.each([
    [setPrice("no-such", "1.00"), "NOT_FOUND"],
    [setPrice("harbour-m", "0.00"), "BAD_USER_INPUT"],
    [setPrice("harbour-m", "10000.01"), "BAD_USER_INPUT"],
    [setPrice("harbour-m", "-1.00"), "GRAPHQL_VALIDATION_FAILED"],
    [setPrice("harbour-m", "1.001"), "GRAPHQL_VALIDATION_FAILED"],
    [setAvailability("no-such", true), "NOT_FOUND"],
  ])("refuses %s", async (mutation, code) => {
    expect(await pizzeria.codeOf(mutation, { token: staff })).toBe(code);
  });

  test("refuses a price that is no money in a variable", async () => {
    const { status, errors } = await pizzeria.ask(
      'mutation ($price: Money!) { setPrice(sizeId: "harbour-m", price: $price) { id } }',
      { token: staff, variables: { price: "cheap" } },
    );
    expect(status).toBe(400);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(errors?.[0]?.message).toMatch(/Money must be an amount [^\n]* but "cheap" came$/);
  });
});
