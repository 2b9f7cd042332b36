import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addErrorHandler } from "../../src/http/error-handler.js";

let server: FastifyInstance;
let logged: { msg: string; err?: { message: string } }[];
let thrown: Error;

beforeEach(() => {
  logged = [];
  const stream = { write: (line: string) => void logged.push(JSON.parse(line)) };
  server = fastify({ logger: { level: "error", stream } });
  addErrorHandler(server);
  server.get("/", async () => {
    throw thrown;
  });
});
afterEach(() => server.close());

async function ask(url = "/") {
  const response = await server.inject(url);
  return { status: response.statusCode, body: response.json() };
}

const answer = (message: string, code: string) => ({
  errors: [{ message, extensions: { code } }],
});

test.each<[object, number, string]>([
  [{ statusCode: 400 }, 400, "BAD_REQUEST"],
  [{ statusCode: 413 }, 413, "REQUEST_TOO_LARGE"],
  [{ statusCode: 429 }, 429, "TOO_MANY_REQUESTS"],
  [{ statusCode: 503, code: "FST_ERR_HANDLER_TIMEOUT" }, 503, "REQUEST_TIMEOUT"],
])(
  "what was meant to fail, as %o, says why, and is no line in the log",
  async (about, status, code) => {
    thrown = Object.assign(new Error("why"), about);
    expect(await ask()).toEqual({ status, body: answer("why", code) });
    expect(logged).toEqual([]);
  },
);

test.each([{}, { statusCode: 500 }])(
  "what nobody meant to fail, as %o, is masked, and logged whole",
  async (about) => {
    thrown = Object.assign(new Error("the secret"), about);
    expect(await ask()).toEqual({
      status: 500,
      body: answer("Internal server error", "INTERNAL_SERVER_ERROR"),
    });
    expect(logged).toMatchObject([{ msg: "unexpected error", err: { message: "the secret" } }]);
  },
);

test("a handler that takes too long is answered in the same form", async () => {
  const slow = fastify({ handlerTimeout: 20 });
  addErrorHandler(slow);
  slow.get("/", () => new Promise(() => {}));
  const response = await slow.inject("/");
  await slow.close();
  expect(response.statusCode).toBe(503);
  expect(response.json().errors).toEqual([
    { message: expect.stringContaining("20"), extensions: { code: "REQUEST_TIMEOUT" } },
  ]);
});

describe("a path that is none", () => {
  test("is named", async () => {
    const body = answer("There is no GET /nowhere", "NOT_FOUND");
    expect(await ask("/nowhere")).toEqual({ status: 404, body });
  });

  test("is named no further than anybody wants to read", async () => {
    const body = answer(`There is no GET /${"x".repeat(99)}`, "NOT_FOUND");
    expect(await ask(`/${"x".repeat(500)}`)).toEqual({ status: 404, body });
  });
});
