import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  backendKinds,
  openPizzeria,
  type Pizzeria,
  servers,
  startBackends,
  startPizzeria,
} from "../support/pizzeria.js";

const PREFERENCES = "{ session { preferences { language vegetarian favouriteItems { id } } } }";
const LIKES = {
  session: {
    preferences: { language: "pt-BR", vegetarian: false, favouriteItems: [{ id: "harbour" }] },
  },
};
const account = 'email: "ada@example.org", password: "12345678"';

async function signIn(pizzeria: Pizzeria): Promise<string> {
  const { data } = await pizzeria.ask<{ signIn: { token: string } }>(
    `mutation { signIn(${account}) { token } }`,
  );
  return data.signIn.token;
}

async function setLikes(pizzeria: Pizzeria): Promise<string> {
  const { data } = await pizzeria.ask<{ signUp: { token: string } }>(
    `mutation { signUp(name: "Ada", ${account}) { token } }`,
  );
  const { token } = data.signUp;
  for (const change of ['language: "pt-br"', "vegetarian: false", 'favouriteItems: ["harbour"]']) {
    const { errors } = await pizzeria.ask(`mutation { setPreferences(${change}) { loginTime } }`, {
      token,
    });
    expect(errors).toBeUndefined();
  }
  return token;
}

const rows = (pizzeria: Pizzeria) =>
  pizzeria.app.backends.database.query<object>(
    "SELECT language, vegetarian, favourite_items AS favourites FROM customer_preferences",
  );
const ROW = { language: "pt-BR", vegetarian: false, favourites: ["harbour"] };

describe.each(backendKinds)("preferences, $name,", (kind) => {
  let pizzeria: Pizzeria;

  beforeEach(async () => {
    pizzeria = await startPizzeria(kind);
  });
  afterEach(() => pizzeria[Symbol.asyncDispose]());

  test("are there at the next sign-in, whether the database has them by then or not", async () => {
    const token = await setLikes(pizzeria);
    const atOnce = await signIn(pizzeria);
    await pizzeria.ask("mutation { signOut }", { token });
    expect((await pizzeria.ask(PREFERENCES, { token: atOnce })).data).toEqual(LIKES);
    await expect.poll(() => rows(pizzeria), { timeout: 10_000 }).toEqual([ROW]);
    const later = await signIn(pizzeria);
    expect((await pizzeria.ask(PREFERENCES, { token: later })).data).toEqual(LIKES);
  });

  test("changed in two sessions at once are all there at the next sign-in, and in the database", async () => {
    const one = await setLikes(pizzeria);
    const other = await signIn(pizzeria);
    const set = (token: string, change: string) =>
      pizzeria.ask(`mutation { setPreferences(${change}) { loginTime } }`, { token });
    const rounds = [
      ["it", true],
      [null, false],
      ["fr", null],
    ] as const;
    for (const [language, vegetarian] of rounds) {
      await Promise.all([
        set(one, `language: ${JSON.stringify(language)}`),
        set(other, `vegetarian: ${vegetarian}`),
      ]);
      const { data } = await pizzeria.ask(PREFERENCES, { token: await signIn(pizzeria) });
      expect(data).toMatchObject({ session: { preferences: { language, vegetarian } } });
    }
    const row = { ...ROW, language: "fr", vegetarian: null };
    await expect.poll(() => rows(pizzeria), { timeout: 10_000 }).toEqual([row]);
  });

  test("reach the database in a statement or two, however many changes there were", async () => {
    pizzeria.statements.length = 0;
    await setLikes(pizzeria);
    await expect.poll(() => rows(pizzeria), { timeout: 10_000 }).toEqual([ROW]);
    const writes = pizzeria.statements.filter((sql) => sql.includes("INTO customer_preferences"));
    expect(writes.length).toBeLessThanOrEqual(2);
    expect((await pizzeria.app.fastify.inject({ url: "/metrics" })).body).toContain(
      'write_behind_dead_letters{queue="customer-preferences"} 0\n',
    );
  });
});

test("preferences that a server took on and did not write are written by another", async () => {
  const backends = await startBackends(servers);
  const first = await openPizzeria(backends);
  await setLikes(first);
  await first[Symbol.asyncDispose]();
  const second = await openPizzeria(backends);
  const token = await signIn(second);
  expect((await second.ask(PREFERENCES, { token })).data).toEqual(LIKES);
  await expect.poll(() => rows(second), { timeout: 20_000 }).toEqual([ROW]);
  await second[Symbol.asyncDispose]();
  await backends[Symbol.asyncDispose]();
});
