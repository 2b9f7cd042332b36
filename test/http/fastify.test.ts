import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.js";
import { createFastify } from "../../src/http/fastify.js";
import { createLogger } from "../../src/http/logger.js";

/** Whose request it is, when it came by way of 10.0.0.2 and 10.0.0.1, and names whom it likes before them. */
async function clientFor(TRUST_PROXY: string): Promise<string> {
  const fastify = await createFastify(readConfig({ TRUST_PROXY }), createLogger("test"));
  fastify.get("/", async ({ ip }) => ip);
  const { body } = await fastify.inject({
    url: "/",
    remoteAddress: "10.0.0.1",
    headers: { "x-forwarded-for": "1.1.1.1, 192.0.2.7, 10.0.0.2" },
  });
  await fastify.close();
  return body;
}

describe("a client's address is", () => {
  test.each([
    ["that of the connection where no proxy is believed", "false", "10.0.0.1"],
    ["that of the connection where no hop is", "0", "10.0.0.1"],
    ["what the last proxy says where one hop is believed", "1", "10.0.0.2"],
    ["what the one before says where two hops are", "2", "192.0.2.7"],
    ["the last that is none of the networks that are believed", "10.0.0.0/8", "192.0.2.7"],
    ["whatever the request says where all proxies are believed", "true", "1.1.1.1"],
  ])("%s", async (_what, trusted, address) => {
    expect(await clientFor(trusted)).toBe(address);
  });
});

test("a path that is no well-formed URL is answered in the form of all errors", async () => {
  const fastify = await createFastify(readConfig({}), createLogger("test"));
  const response = await fastify.inject("/%ff");
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    errors: [{ message: expect.any(String), extensions: { code: "BAD_REQUEST" } }],
  });
  await fastify.close();
});
