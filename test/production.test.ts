import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Config } from "../src/config.js";
import {
  embedded,
  openPizzeria,
  type Pizzeria,
  STAFF,
  startBackends,
  type TestBackends,
} from "./support/pizzeria.js";

let backends: TestBackends;
let pizzeria: Pizzeria;
beforeAll(async () => {
  backends = await startBackends(embedded);
});
afterAll(() => backends[Symbol.asyncDispose]());
afterEach(() => pizzeria[Symbol.asyncDispose]());

async function open(config: Partial<Config>): Promise<void> {
  pizzeria = await openPizzeria(backends, { config });
}
const PRODUCTION: Partial<Config> = {
  environment: "production",
  metricsToken: "t0ken",
  cacheDebug: false,
};
const page = () =>
  pizzeria.app.fastify.inject({ url: "/graphql", headers: { accept: "text/html" } });

describe("in production", () => {
  test("the schema is not told, nor guessed at in errors", async () => {
    await open(PRODUCTION);
    const { status, errors } = await pizzeria.ask("{ __schema { types { name } } }");
    expect(status).toBe(400);
    expect(errors?.[0]?.message).toContain("introspection is not allowed");
    const typo = await pizzeria.ask("{ menus { id } }");
    expect(typo.errors?.[0]?.message).not.toContain("Did you mean");
  });

  test("there is no landing page", async () => {
    await open(PRODUCTION);
    expect((await page()).body).not.toContain("<html");
  });

  test("an error nobody meant is masked, and logged whole with the request's id", async () => {
    await open(PRODUCTION);
    await pizzeria.app.backends.database.query("ALTER TABLE menu_items RENAME TO gone");
    try {
      const { errors } = await pizzeria.ask("{ menu { id } }");
      expect(errors).toEqual([
        expect.objectContaining({
          message: "Internal server error",
          extensions: { code: "INTERNAL_SERVER_ERROR" },
        }),
      ]);
      const logged = pizzeria.logs.find(({ msg }) => msg === "unexpected error");
      expect(logged).toMatchObject({
        reqId: expect.any(String),
        path: ["menu"],
        err: { message: expect.stringContaining("menu_items"), stack: expect.any(String) },
      });
    } finally {
      await pizzeria.app.backends.database.query("ALTER TABLE gone RENAME TO menu_items");
    }
  });

  test("what the cache did is not told", async () => {
    await open(PRODUCTION);
    expect((await pizzeria.ask("{ menu { id } }")).extensions).toBeUndefined();
  });

  test("/metrics asks for its token", async () => {
    await open(PRODUCTION);
    const scrape = (authorization?: string) =>
      pizzeria.app.fastify.inject({
        url: "/metrics",
        headers: authorization === undefined ? {} : { authorization },
      });
    expect((await scrape()).statusCode).toBe(401);
    expect((await scrape("Bearer other")).statusCode).toBe(401);
    const allowed = await scrape("Bearer t0ken");
    expect(allowed.statusCode).toBe(200);
    expect(allowed.body).toContain("cache_misses_total 0");
  });

  const aboutStaff = () => pizzeria.logs.filter(({ msg }) => /staff/i.test(String(msg)));

  test("a staff account in the settings is not worth a line", async () => {
    await open(PRODUCTION);
    expect(aboutStaff()).toEqual([]);
  });

  test("no staff account is made up, and one line says so", async () => {
    await open({ ...PRODUCTION, staffEmail: "new@example.org", staffPassword: undefined });
    expect(pizzeria.app.madeUpStaff).toBeUndefined();
    expect(aboutStaff()).toMatchObject([
      {
        level: 40,
        msg: "STAFF_EMAIL and STAFF_PASSWORD are not both set: no staff account is made",
      },
    ]);
    const rows = await pizzeria.app.backends.database.query<{ email: string }>(
      "SELECT email FROM customers WHERE role = 'staff'",
    );
    expect(rows.map(({ email }) => email)).not.toContain("new@example.org");
  });
});

describe("in development", () => {
  test("there is Apollo Sandbox, introspection, and what the cache did", async () => {
    await open({ environment: "development", cacheDebug: true });
    expect((await page()).body).toContain("<html");
    const { errors, extensions } = await pizzeria.ask("{ menu { id } __schema { __typename } }");
    expect(errors).toBeUndefined();
    expect(extensions).toMatchObject({ cache: { "Query.menu": { statuses: { miss: 1 } } } });
  });

  test.each([
    ["as plain as it comes", {}],
    [
      "with all its options",
      {
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        oneOf: true,
      },
    ],
  ])(
    "the introspection query of Apollo Sandbox, GraphiQL and codegen is answered, %s",
    async (_how, options) => {
      await open({ environment: "development" });
      const { data, errors } = await pizzeria.ask<IntrospectionQuery>(
        getIntrospectionQuery(options),
      );
      expect(errors).toBeUndefined();
      const menu = buildClientSchema(data).getQueryType()?.getFields().menu?.type;
      expect(String(menu)).toBe("[MenuItem!]!");
    },
  );

  test("an error nobody meant says what it was, without its stack", async () => {
    await open({ environment: "development" });
    await pizzeria.app.backends.database.query("ALTER TABLE menu_items RENAME TO gone");
    try {
      const { errors } = await pizzeria.ask("{ menu { id } }");
      expect(errors?.[0]?.message).toContain("menu_items");
      expect(errors?.[0]?.extensions).toEqual({ code: "INTERNAL_SERVER_ERROR" });
    } finally {
      await pizzeria.app.backends.database.query("ALTER TABLE gone RENAME TO menu_items");
    }
  });

  test("a staff account is made up when there is none, once", async () => {
    await open({ environment: "development", staffEmail: "boss@example.org" });
    expect(pizzeria.app.madeUpStaff).toBeUndefined(); // STAFF_PASSWORD was given.
    await pizzeria[Symbol.asyncDispose]();
    const made = { staffEmail: "sous@example.org", staffPassword: undefined };
    await open({ environment: "development", ...made });
    expect(pizzeria.app.madeUpStaff).toEqual({
      email: "sous@example.org",
      password: expect.stringMatching(/^[\w-]{24}$/),
    });
    await pizzeria[Symbol.asyncDispose]();
    await open({ environment: "development", ...made });
    expect(pizzeria.app.madeUpStaff).toBeUndefined();
  });
});

test("origins that CORS_ORIGINS names may read answers, and no others", async () => {
  await open({ corsOrigins: ["https://shop.example"] });
  const allowedFor = async (origin: string) =>
    (await pizzeria.ask("{ __typename }", { headers: { origin } })).headers[
      "access-control-allow-origin"
    ];
  expect(await allowedFor("https://shop.example")).toBe("https://shop.example");
  expect(await allowedFor("https://evil.example")).toBeUndefined();
});

test("the staff account of the settings signs in", async () => {
  await open({});
  const token = await pizzeria.signInStaff();
  const { data } = await pizzeria.ask("{ me { email } }", { token });
  expect(data).toEqual({ me: { email: STAFF.email } });
});
