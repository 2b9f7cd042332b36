import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidRedisUrlError, parseRedisUrl } from "../src/redis-url.js";

const single = { kind: "single", tls: false, db: 0 };

describe("parseRedisUrl", () => {
  test.each([
    ["redis://localhost", { ...single, nodes: [{ host: "localhost", port: 6379 }] }],
    ["redis://10.0.0.1:7000/3", { ...single, db: 3, nodes: [{ host: "10.0.0.1", port: 7000 }] }],
    ["redis://[::1]:7000/", { ...single, nodes: [{ host: "::1", port: 7000 }] }],
    [
      "rediss://app:p%40ss@cache.example.org",
      {
        ...single,
        tls: true,
        username: "app",
        password: "p@ss",
        nodes: [{ host: "cache.example.org", port: 6379 }],
      },
    ],
    [
      "redis://:pw@a:1,b:2, redis://c",
      {
        kind: "cluster",
        tls: false,
        db: 0,
        password: "pw",
        nodes: [
          { host: "a", port: 1 },
          { host: "b", port: 2 },
          { host: "c", port: 6379 },
        ],
      },
    ],
    [
      "redis+sentinel://u:p@a:1,b/main?db=2",
      {
        kind: "sentinel",
        tls: false,
        db: 2,
        username: "u",
        password: "p",
        masterName: "main",
        nodes: [
          { host: "a", port: 1 },
          { host: "b", port: 26379 },
        ],
      },
    ],
  ])("reads %s", (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  test.each([
    ["http://localhost", "another scheme came"],
    ["localhost:6379", "another scheme came"],
    ["redis://", "no host"],
    ["redis://a:99999", "no host and port came"],
    ["redis://a:0", "port 0 came"],
    ["redis://a/one", "no database number came"],
    ["redis://a?x=1", "a query came"],
    ["redis://a,rediss://b", "more than one scheme came"],
    ["redis://a,b/1", "a cluster has only 0"],
    ["redis://a,,b", "no host"],
    ["redis://%zz:x@a", "malformed percent escape"],
    ["redis+sentinel://a:1", "no master's name came"],
    ["redis+sentinel:///main", "no host"],
    ["redis+sentinel://a/main?pw=1", "no master's name came"],
  ])("refuses %s", (url, problem) => {
    expect(() => parseRedisUrl(url)).toThrow(InvalidRedisUrlError);
    expect(() => parseRedisUrl(url)).toThrow(problem);
  });

  test("an error is one line and holds neither user nor password", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z@/:,%]{0,8}$/),
        fc.constantFrom("redis://", "rediss://", "redis+sentinel://", "tcp://", ""),
        (noise, scheme) => {
          const url = `${scheme}someone:${noise}s3cret${noise}@host:bad`;
          const error = catchError(() => parseRedisUrl(url));
          expect(error).toBeInstanceOf(InvalidRedisUrlError);
          expect(error?.message).not.toMatch(/someone|s3cret|\n/);
        },
      ),
    );
  });
});

function catchError(run: () => unknown): Error | undefined {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  return undefined;
}
