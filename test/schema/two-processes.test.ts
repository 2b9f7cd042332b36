import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  openPizzeria,
  type Pizzeria,
  servers,
  startBackends,
  type TestBackends,
} from "../support/pizzeria.js";

let backends: TestBackends;
let here: Pizzeria;
let there: Pizzeria;

beforeAll(async () => {
  backends = await startBackends(servers);
  here = await openPizzeria(backends);
  there = await openPizzeria(backends, { database: here.app.backends.database });
});
afterAll(async () => {
  await there[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
  await backends[Symbol.asyncDispose]();
});

const MENU = "{ menu { sizes { id price } } }";
interface Menu {
  menu: { sizes: { id: string; price: string }[] }[];
}
async function price(pizzeria: Pizzeria, sizeId: string): Promise<string | undefined> {
  const { data } = await pizzeria.ask<Menu>(MENU);
  return data.menu.flatMap((item) => item.sizes).find((size) => size.id === sizeId)?.price;
}

describe("two servers on one Redis and one database", () => {
  test("share what either has loaded", async () => {
    await here.ask(MENU);
    const { extensions } = await there.ask(MENU);
    expect(extensions).toMatchObject({ cache: { "Query.menu": { statuses: { hit: 1 } } } });
  });

  test("show a price set in the one at the next read in the other", async () => {
    await here.ask(MENU);
    await there.ask(MENU);
    const staff = await here.signInStaff();
    for (const amount of ["20.01", "20.02", "20.03"]) {
      await here.ask(`mutation { setPrice(sizeId: "harbour-s", price: "${amount}") { id } }`, {
        token: staff,
      });
      expect(await price(there, "harbour-s")).toBe(amount);
      expect(await price(here, "harbour-s")).toBe(amount);
    }
  });

  test("load a cold menu once for a hundred readers", async () => {
    const staff = await here.signInStaff();
    await here.ask('mutation { evictTags(tags: ["menu"]) }', { token: staff });
    here.statements.length = 0;
    const readers = Array.from({ length: 100 }, (_, i) => [here, there][i % 2]!);
    const answers = await Promise.all(readers.map((one) => one.ask("{ menu { id } }")));
    expect(answers.every((answer) => answer.errors === undefined)).toBe(true);
    expect(here.statements.filter((sql) => sql.includes("menu_items"))).toHaveLength(1);
  });

  test("know each other's sessions", async () => {
    const token = await here.signUp("Ada");
    await here.ask('mutation { addToCart(sizeId: "harbour-s") { loginTime } }', { token });
    const { data } = await there.ask("{ me { name } session { cart { quantity } } }", { token });
    expect(data).toEqual({ me: { name: "Ada" }, session: { cart: [{ quantity: 1 }] } });
  });
});
