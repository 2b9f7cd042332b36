import { describe, expect, test } from "vitest";
import { readOptions } from "../../src/replay/options.js";

describe("the replay's options", () => {
  test("are a thousand times the orders' own speed on two servers, unless they say otherwise", () => {
    expect(readOptions(["sales"])).toMatchObject({ folder: "sales", speed: 1000, servers: 2 });
    expect(readOptions(["sales", "--speed", "max"]).speed).toBe(Number.POSITIVE_INFINITY);
    const urls = ["http://a.example/graphql", "http://b.example/graphql"];
    expect(readOptions(["sales", ...urls.flatMap((url) => ["--url", url])]).urls).toEqual(urls);
  });

  test.each([
    [[]],
    [["sales", "more"]],
    [["sales", "--no-such"]],
    [["sales", "--speed", "0"]],
    [["sales", "--speed", "fast"]],
    [["sales", "--servers", "1.5"]],
    [["sales", "--orders", "-1"]],
    [["sales", "--url", "ftp://a.example"]],
  ])("are refused with the usage: %j", (args) => {
    expect(() => readOptions(args)).toThrow(/usage: npm run replay/);
  });
});
