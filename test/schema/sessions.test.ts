import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

interface SignedIn {
  payload: { token: string };
}
const signIn = (email: string, password: string) =>
  `mutation { payload: signIn(email: "${email}", password: "${password}") { token } }`;
const signUp = (name: string, email: string, password: string) =>
  `mutation { payload: signUp(name: "${name}", email: "${email}", password: "${password}") {
     token session { customer { name email } cart { quantity } } } }`;

describe.each(backendKinds)("sessions, $name", (kind) => {
  let pizzeria: Pizzeria;
  let token: string;

  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());
  beforeEach(async () => {
    token = await pizzeria.signUp("Ada");
  });

  test("begin with signing up", async () => {
    const { data } = await pizzeria.ask<SignedIn>(signUp("Joan", "joan@example.org", "12345678"));
    expect(data.payload).toEqual({
      token: expect.stringMatching(/^[\w-]{43}$/),
      session: { customer: { name: "Joan", email: "joan@example.org" }, cart: [] },
    });
    const me = await pizzeria.ask("{ me { name } }", { token: data.payload.token });
    expect(me.data).toEqual({ me: { name: "Joan" } });
  });

  test("begin with signing in, and each has a cart of its own", async () => {
    await pizzeria.ask(signUp("Mary", "mary@example.org", "12345678"));
    const [one, two] = [
      (await pizzeria.ask<SignedIn>(signIn("mary@example.org", "12345678"))).data.payload.token,
      (await pizzeria.ask<SignedIn>(signIn("MARY@example.org", "12345678"))).data.payload.token,
    ];
    await pizzeria.ask('mutation { addToCart(sizeId: "harbour-s") { loginTime } }', { token: one });
    const cart = "{ session { customer { name } cart { quantity size { id } } } }";
    expect((await pizzeria.ask(cart, { token: one })).data.session).toEqual({
      customer: { name: "Mary" },
      cart: [{ quantity: 1, size: { id: "harbour-s" } }],
    });
    expect((await pizzeria.ask(cart, { token: two })).data.session).toEqual({
      customer: { name: "Mary" },
      cart: [],
    });
  });

  test("are none without a token, with a made-up one, or with another scheme", async () => {
    for (const authorization of ["", "Bearer", `Bearer ${"A".repeat(43)}`, `Basic ${token}`]) {
      const { data, errors } = await pizzeria.ask("{ me { id } session { loginTime } }", {
        headers: { authorization },
      });
      expect(errors).toBeUndefined();
      expect(data).toEqual({ me: null, session: null });
    }
  });

  test("end with signing out", async () => {
    expect((await pizzeria.ask("mutation { signOut }", { token })).data).toEqual({ signOut: true });
    expect((await pizzeria.ask("{ me { id } }", { token })).data).toEqual({ me: null });
    expect((await pizzeria.ask("mutation { signOut }", { token })).data).toEqual({
      signOut: false,
    });
  });

  test("end everywhere, and only the caller's", async () => {
    await pizzeria.ask(signUp("Rosa", "rosa@example.org", "12345678"));
    const tokens = [];
    for (let i = 0; i < 3; i += 1) {
      const { data } = await pizzeria.ask<SignedIn>(signIn("rosa@example.org", "12345678"));
      tokens.push(data.payload.token);
    }
    await pizzeria.ask("mutation { signOutEverywhere }", { token: tokens[0] });
    for (const ended of tokens) {
      expect((await pizzeria.ask("{ me { id } }", { token: ended })).data).toEqual({ me: null });
    }
    expect((await pizzeria.ask("{ me { name } }", { token })).data).toEqual({
      me: { name: "Ada" },
    });
    expect((await pizzeria.ask("mutation { signOutEverywhere }")).data).toEqual({
      signOutEverywhere: false,
    });
  });

  test("are refused for a wrong password as for an unknown address", async () => {
    await pizzeria.ask(signUp("Lise", "lise@example.org", "12345678"));
    const wrong = await pizzeria.ask(signIn("lise@example.org", "87654321"));
    const unknown = await pizzeria.ask(signIn("nobody@example.org", "12345678"));
    expect(wrong.errors?.[0]?.extensions).toEqual({ code: "UNAUTHENTICATED" });
    expect(unknown.errors?.[0]?.message).toBe(wrong.errors?.[0]?.message);
    expect(unknown.errors?.[0]?.extensions).toEqual(wrong.errors?.[0]?.extensions);
  });

  test("are refused after too many attempts on one account, even with the right password", async () => {
    await pizzeria.ask(signUp("Emmy", "emmy@example.org", "12345678"));
    for (let i = 1; i <= 10; i += 1) {
      const code = await pizzeria.codeOf(signIn("emmy@example.org", `wrong-${i}-wrong`));
      expect(code).toBe("UNAUTHENTICATED");
    }
    const right = await pizzeria.ask(signIn("emmy@example.org", "12345678"));
    expect(right.errors?.[0]?.extensions).toMatchObject({
      code: "TOO_MANY_ATTEMPTS",
      retryAfterSeconds: expect.any(Number),
    });
  });

  test("are not begun with an address that is taken, in any case of letters", async () => {
    await pizzeria.ask(signUp("Ann", "ann@example.org", "12345678"));
    expect(await pizzeria.codeOf(signUp("Eve", "ANN@example.org", "12345678"))).toBe("EMAIL_TAKEN");
  });

  test.each([
    signUp("", "n1@example.org", "12345678"),
    signUp("n".repeat(101), "n2@example.org", "12345678"),
    signUp("N", "no address", "12345678"),
    signUp("N", `${"n".repeat(250)}@example.org`, "12345678"),
    signUp("N", "n3@example.org", "1234567"),
    signUp("N", "n4@example.org", "1".repeat(201)),
    signUp("N\\u0000", "n5@example.org", "12345678"),
  ])("are not begun by %.70s", async (mutation) => {
    expect(await pizzeria.codeOf(mutation)).toBe("BAD_USER_INPUT");
  });

  describe("hold a cart", () => {
    const CART = "{ cart { quantity size { id price item { name } } } }";

    test("that adds up, and that a size is taken out of whole", async () => {
      await pizzeria.ask('mutation { addToCart(sizeId: "harbour-s") { loginTime } }', { token });
      const added = await pizzeria.ask(
        `mutation { addToCart(sizeId: "harbour-s", quantity: 2) ${CART} }`,
        { token },
      );
      expect(added.data.addToCart).toEqual({
        cart: [
          { quantity: 3, size: { id: "harbour-s", price: "11.95", item: { name: "Harbour" } } },
        ],
      });
      const removed = await pizzeria.ask(
        `mutation { removeFromCart(sizeId: "harbour-s") ${CART} }`,
        {
          token,
        },
      );
      expect(removed.data.removeFromCart).toEqual({ cart: [] });
    });

    test("that loses nothing when two devices add at once", async () => {
      const add = 'mutation { addToCart(sizeId: "harbour-m", quantity: 3) { loginTime } }';
      await Promise.all(Array.from({ length: 10 }, () => pizzeria.ask(add, { token })));
      const { data } = await pizzeria.ask("{ session { cart { quantity } } }", { token });
      expect(data.session).toEqual({ cart: [{ quantity: 30 }] });
    });

    test("that a size is taken out of twice without an error", async () => {
      await pizzeria.ask(
        'mutation { addToCart(sizeId: "harbour-l") { loginTime } removeFromCart(sizeId: "harbour-l") { loginTime } }',
        { token },
      );
      const remove = 'mutation { removeFromCart(sizeId: "harbour-l") { cart { size { id } } } }';
      const { data, errors } = await pizzeria.ask(remove, { token });
      expect(errors).toBeUndefined();
      expect(JSON.stringify(data)).not.toContain("harbour-l");
    });

    test.each([
      ['addToCart(sizeId: "no-such")', "NOT_FOUND"],
      ['removeFromCart(sizeId: "no-such")', "NOT_FOUND"],
      ['removeFromCart(sizeId: "")', "BAD_USER_INPUT"],
      ['addToCart(sizeId: "harbour-s", quantity: 0)', "BAD_USER_INPUT"],
      ['addToCart(sizeId: "harbour-s", quantity: -1)', "BAD_USER_INPUT"],
      ['addToCart(sizeId: "harbour-s", quantity: 101)', "BAD_USER_INPUT"],
      ['setPreferences(language: "no language at all")', "BAD_USER_INPUT"],
      ['setPreferences(favouriteItems: ["no-such"])', "NOT_FOUND"],
    ])("and refuse %s", async (mutation, code) => {
      expect(await pizzeria.codeOf(`mutation { ${mutation} { loginTime } }`, { token })).toBe(code);
    });

    test.each(["addToCart", "removeFromCart"])("and refuse %s an endless id", async (change) => {
      const mutation = `mutation { ${change}(sizeId: "${"x".repeat(50_000)}") { loginTime } }`;
      expect(await pizzeria.codeOf(mutation, { token })).toBe("BAD_USER_INPUT");
    });

    test.each([
      'addToCart(sizeId: "harbour-s")',
      'removeFromCart(sizeId: "harbour-s")',
      "setPreferences(vegetarian: true)",
    ])("and without one there is no %s", async (mutation) => {
      expect(await pizzeria.codeOf(`mutation { ${mutation} { loginTime } }`)).toBe(
        "UNAUTHENTICATED",
      );
    });
  });

  test("hold preferences, of which each change leaves the others alone", async () => {
    const preferences = "{ preferences { language vegetarian favouriteItems { name } } }";
    await pizzeria.ask(
      'mutation { setPreferences(language: "en", favouriteItems: ["harbour"]) { loginTime } }',
      { token },
    );
    const second = await pizzeria.ask(
      `mutation { setPreferences(vegetarian: false, language: null) ${preferences} }`,
      { token },
    );
    expect(second.data.setPreferences).toEqual({
      preferences: { language: null, vegetarian: false, favouriteItems: [{ name: "Harbour" }] },
    });
  });

  test("show neither passwords nor tokens in the log", async () => {
    await pizzeria.ask(signIn("nobody@example.org", "hunter2hunter2"), { token });
    await pizzeria.app.fastify.inject({
      url: `/graphql?query=${encodeURIComponent(signIn("nobody@example.org", "hunter2hunter2"))}`,
      headers: { "apollo-require-preflight": "1" },
    });
    const log = JSON.stringify(pizzeria.logs);
    expect(pizzeria.logs.length).toBeGreaterThan(0);
    expect(log).not.toContain("hunter2");
    expect(log).not.toContain(token);
  });
});
