import { expect, test } from "vitest";
import { createLogger } from "../../src/http/logger.js";

test("a log line of an error shows no value that a statement was given, and no row", () => {
  const lines: string[] = [];
  const log = createLogger("production", { write: (line) => void lines.push(line) });
  const err = Object.assign(new Error("duplicate key"), {
    code: "23505",
    params: ["ada@example.org"],
    detail: "Key (email)=(ada@example.org) already exists.",
    where: "unnamed portal parameter $1 = 'ada@example.org'",
  });
  log.error({ err }, "unexpected error");
  expect(lines.join()).toContain("duplicate key");
  expect(lines.join()).toContain("23505");
  expect(lines.join()).not.toContain("ada@example.org");
});

test("a log line of a request shows its path, and not the document and the variables of a GET", () => {
  const lines: string[] = [];
  const log = createLogger("production", { write: (line) => void lines.push(line) });
  const url = "/graphql?query=mutation&variables=ada@example.org";
  log.info({ req: { method: "GET", url, ip: "10.0.0.1" } }, "incoming request");
  expect(JSON.parse(lines.join()).req).toEqual({
    method: "GET",
    path: "/graphql",
    remoteAddress: "10.0.0.1",
  });
});
