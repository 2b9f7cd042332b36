import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embedded, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

let pizzeria: Pizzeria;
beforeAll(async () => {
  pizzeria = await startPizzeria(embedded);
});
afterAll(() => pizzeria[Symbol.asyncDispose]());

const deep = (levels: number) =>
  `{ menu { ${"sizes { item { ".repeat(levels)} id ${"} } ".repeat(levels)} } }`;
const pages =
  "edges { node { lines { size { item { sizes { id price size item { id name } } } } } } }";

/** Spreads `__typename` 2 ** levels times. */
const doubling = (levels: number) =>
  `{ ...F0 } ${Array.from({ length: levels }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(" ")}
   fragment F${levels} on Query { __typename }`;

describe("a request is refused in one line, with 400 and nothing run", () => {
  test.each([
    ["too deep", deep(5), /^Query depth limit of 10 exceeded, found \d+\.$/],
    [
      "too deep by fragments",
      `{ menu { ...F } } fragment F on MenuItem { sizes { item { sizes { item { ...G } } } } }
       fragment G on MenuItem { sizes { item { sizes { item { sizes { id } } } } } }`,
      /^Query depth limit of 10 exceeded, found \d+\.$/,
    ],
    [
      "with too many aliases",
      `{ ${Array.from({ length: 21 }, (_, i) => `a${i}: menuItem(id: "x") { id }`).join(" ")} }`,
      /^Aliases limit of 20 exceeded, found 21\.$/,
    ],
    [
      "too long",
      `{ menu { ${"id ".repeat(1_001)} } }`,
      /^Syntax Error: Document contains more that 1000 tokens\./,
    ],
    ["too costly", `{ orders(first: 100) { ${pages} } }`, /^Query cost limit of 50000 exceeded/],
    [
      "too costly, with the page left to its default by null",
      `{ a: orders(first: null) { ${pages} } b: orders(first: null) { ${pages} } }`,
      /^Query cost limit of 50000 exceeded/,
    ],
    [
      "of fragments that multiply",
      doubling(14),
      /^Query exceeds the maximum allowed number of nodes\.$/,
    ],
    ["with an unknown field", "{ menu { topping } }", /^Cannot query field "topping"/],
    ["that is no GraphQL", "{ menu", /^Syntax Error: Expected Name, found <EOF>\.$/],
  ])("when it is %s", async (_what, query, message) => {
    pizzeria.statements.length = 0;
    const { status, errors, data } = await pizzeria.ask(query);
    expect(status).toBe(400);
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toMatch(message);
    expect(errors?.[0]?.extensions).toEqual({
      code: expect.stringMatching(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/),
    });
    expect(pizzeria.statements).toEqual([]);
  });

  test("when it is too costly by its variables, though the document was fine before", async () => {
    const query = `query ($n: Int) { orders(first: $n) { ${pages} } }`;
    const cheap = await pizzeria.ask(query, { variables: { n: 1 } });
    expect(cheap.errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
    const costly = await pizzeria.ask(query, { variables: { n: 100 } });
    expect(costly.status).toBe(400);
    expect(costly.errors?.[0]?.message).toMatch(/^Query cost limit of 50000 exceeded/);
  });

  test.each([
    ["an argument", 'query ($x: ID = "x") { menuItem(id: $x) { id } }'],
    ["@include", "query ($x: Boolean = true) { menu @include(if: $x) { id } }"],
  ])("when a variable is null where %s takes none", async (_what, query) => {
    pizzeria.statements.length = 0;
    const { status, errors, data } = await pizzeria.ask(query, { variables: { x: null } });
    expect(status).toBe(400);
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toMatch(/of non-null type "\w+!" must not be null\.$/);
    expect(errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT" });
    expect(pizzeria.statements).toEqual([]);
  });

  test("when a variable has the wrong type", async () => {
    const query = "query ($n: Int) { popularItems(first: $n) { timesOrdered } }";
    const { status, errors } = await pizzeria.ask(query, { variables: { n: "many" } });
    expect(status).toBe(400);
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
  });
});

test("what a frontend asks is below the limits, the largest page of whole orders too", async () => {
  const { errors } = await pizzeria.ask(`{
    menu { id name category ingredients available timesOrdered sizes { id size price } }
    popularItems(first: 10) { timesOrdered item { id name sizes { size price } } }
    session { cart { quantity size { id price item { name } } } preferences { favouriteItems { id } } }
  }`);
  expect(errors).toBeUndefined();
  const largestPage = `{ orders(first: 100) { totalCount edges { cursor node { id status total placedAt
    lines { quantity unitPrice size { id size price item { id name } } } } } } }`;
  expect(await pizzeria.codeOf(largestPage)).toBe("UNAUTHENTICATED");
});

test("fragments make no query deeper than its fields are", async () => {
  const { errors } = await pizzeria.ask(`
    { ... { menu { ...F } } }
    fragment F on MenuItem { sizes { item { ...G } } }
    fragment G on MenuItem { sizes { item { ... { id } } } }
  `);
  expect(errors).toBeUndefined();
});

describe("over HTTP", () => {
  const post = (payload: string, headers = {}) =>
    pizzeria.app.fastify.inject({
      method: "POST",
      url: "/graphql",
      headers: { "content-type": "application/json", ...headers },
      payload,
    });

  test("a body above 100 kB is refused", async () => {
    const response = await post(
      JSON.stringify({ query: `{ menu { id } } #${"x".repeat(100_000)}` }),
    );
    expect(response.statusCode).toBe(413);
    expect(response.json()).toEqual({
      errors: [{ message: "Request body is too large", extensions: { code: "REQUEST_TOO_LARGE" } }],
    });
  });

  test("a body that is no JSON is refused", async () => {
    const response = await post('{"query": ');
    expect(response.statusCode).toBe(400);
    expect(response.json().errors).toHaveLength(1);
    expect(response.body).not.toContain("node_modules");
  });

  test("health is told to who asks by HTTP/1.0 without a Host, as load balancers do, but no GraphQL is answered", async () => {
    const { port, hostname } = new URL(await pizzeria.app.listen());
    const firstLine = (request: string) =>
      new Promise<string>((resolve, reject) => {
        let text = "";
        const socket = connect(Number(port), hostname, () => socket.write(request));
        socket.on("data", (data) => {
          text += data;
        });
        socket.on("end", () => resolve(text.slice(0, text.indexOf("\r\n"))));
        socket.on("error", reject);
      });
    expect(await firstLine("GET /health/live HTTP/1.0\r\n\r\n")).toBe("HTTP/1.1 200 OK");
    expect(await firstLine("GET /graphql?query={menu{id}} HTTP/1.0\r\n\r\n")).toBe(
      "HTTP/1.1 400 Bad Request",
    );
  });

  test("a batch is refused", async () => {
    const response = await post(JSON.stringify([{ query: "{ menu { id } }" }]));
    expect(response.statusCode).toBe(400);
  });

  test("a form that another site could send is refused", async () => {
    const response = await pizzeria.app.fastify.inject({
      method: "GET",
      url: "/graphql?query={menu{id}}",
    });
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain("CSRF");
  });

  test("a subscription is refused, whoever asks for it", async () => {
    const token = await pizzeria.signInStaff();
    for (const caller of [{}, { token }]) {
      const { status, errors, data } = await pizzeria.ask(
        "subscription { kitchenTickets { priority } }",
        caller,
      );
      expect([status, data]).toEqual([400, undefined]);
      expect(errors).toEqual([
        {
          message: "Subscriptions go over WebSocket alone, at the same path.",
          extensions: { code: "BAD_REQUEST" },
        },
      ]);
    }
  });

  test("a mutation by GET is refused", async () => {
    const response = await pizzeria.app.fastify.inject({
      method: "GET",
      url: "/graphql?query=mutation{signOut}",
      headers: { "apollo-require-preflight": "1" },
    });
    expect(response.statusCode).toBe(405);
  });

  test("an address that asks without end is held off, and the machine itself is not", async () => {
    const read = (remoteAddress: string) =>
      pizzeria.app.fastify.inject({ url: "/graphql?query={a}", remoteAddress });
    for (let i = 0; i < 1_200; i += 1) await read("203.0.113.9");
    const refused = await read("203.0.113.9");
    expect(refused.statusCode).toBe(429);
    expect(refused.headers["retry-after"]).toBeDefined();
    expect(refused.json().errors).toEqual([
      {
        message: expect.stringContaining("Rate limit exceeded"),
        extensions: { code: "TOO_MANY_REQUESTS" },
      },
    ]);
    expect((await read("203.0.113.10")).statusCode).toBe(400);
    for (let i = 0; i < 1_200; i += 1) await read("127.0.0.1");
    expect((await read("127.0.0.1")).statusCode).toBe(400);
  });

  test("a Host header that is no host is refused", async () => {
    const response = await post('{"query":"{ menu { id } }"}', { host: "a b" });
    expect(response.statusCode).toBe(400);
  });

  test("an unknown path is 404", async () => {
    const response = await pizzeria.app.fastify.inject("/no/such/path");
    expect(response.statusCode).toBe(404);
    expect(response.json().errors[0].extensions.code).toBe("NOT_FOUND");
  });

  test("no origin may read answers unless the settings name it", async () => {
    const response = await post('{"query":"{ menu { id } }"}', { origin: "https://evil.example" });
    expect(response.headers["access-control-allow-origin"]).toBeUndefined();
  });
});
