import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StoreError, StoreUnavailableError } from "../../../src/cache/errors.js";
import { asStoreError, isMissingScript } from "../../../src/cache/redis/reply-error.js";
import { freePort } from "../../support/free-port.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
});

afterAll(() => server.stop());

/** What the client rejects with, which every test begins from. */
async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It must fail, but did not.");
}

describe("an answer that speaks of the command", () => {
  test("is a StoreError and no outage", async () => {
    await redis.set("text", "a");
    const cause = await failureOf(redis.hget("text", "field"));
    const error = asStoreError(cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).not.toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ code: "E_STORE", cause });
    expect(error.message).toMatch(/^Redis must carry out the command, but answered: WRONGTYPE /);
  });

  test("may be that a script is missing, and that alone", async () => {
    const sha = "0".repeat(40);
    expect(isMissingScript(await failureOf(redis.evalsha(sha, 0)))).toBe(true);
    expect(isMissingScript(await failureOf(redis.call("NOSUCHCOMMAND")))).toBe(false);
  });
});

describe("the store is out of reach when the server answers that", () => {
  const limited = async (...settings: string[]) => {
    const other = await startRedis({ args: settings });
    return { other, client: other.client() };
  };

  async function expectUnavailable(work: Promise<unknown>, text: RegExp): Promise<void> {
    const cause = await failureOf(work);
    expect(cause.message).toMatch(text);
    const error = asStoreError(cause);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ code: "E_STORE_UNAVAILABLE", cause });
    expect(error.message).toBe(`Redis must be in reach, but: ${cause.message}`);
  }

  test("it is out of memory", async () => {
    const { other, client } = await limited("--maxmemory", "1", "--maxmemory-policy", "noeviction");
    await using _ = other;
    await expectUnavailable(client.set("a", "1"), /^OOM/);
  });

  test("it is a replica, or has lost its master", async () => {
    const { other, client } = await limited("--replica-serve-stale-data", "no");
    await using _ = other;
    await client.replicaof("127.0.0.1", await freePort());
    await expectUnavailable(client.get("a"), /^MASTERDOWN/);
    await client.config("SET", "replica-serve-stale-data", "yes");
    await expectUnavailable(client.set("a", "1"), /^READONLY/);
  });

  test("it has too few replicas to write", async () => {
    const { other, client } = await limited("--min-replicas-to-write", "1");
    await using _ = other;
    await expectUnavailable(client.set("a", "1"), /^NOREPLICAS/);
  });

  test("it does not let us in, or not do this", async () => {
    const { other } = await limited("--requirepass", "s3cret");
    await using _ = other;
    const stranger = other.client();
    await expectUnavailable(stranger.call("GET", "a"), /^NOAUTH/);
    const admin = other.client({ password: "s3cret" });
    await admin.call("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read");
    const reader = other.client({ username: "reader", password: "pw", enableReadyCheck: false });
    await expectUnavailable(reader.set("a", "1"), /^NOPERM/);
  });

  test("its cluster has no master for the slot", async () => {
    const { other, client } = await limited("--cluster-enabled", "yes");
    await using _ = other;
    await expectUnavailable(client.get("a"), /^CLUSTERDOWN/);
  });
});

describe("the store is out of reach when the client rejects without an answer", () => {
  test("as after a lost connection", async () => {
    const client = server.client({ retryStrategy: () => null });
    await client.ping();
    client.disconnect();
    const error = asStoreError(await failureOf(client.ping()));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).toBe("Redis must be in reach, but: Connection is closed.");
  });

  test("even with something that is no error", () => {
    expect(asStoreError("gone")).toBeInstanceOf(StoreUnavailableError);
  });
});

test("what is a StoreError already stays the one it is", () => {
  for (const error of [new StoreError("no"), new StoreUnavailableError("gone")]) {
    expect(asStoreError(error)).toBe(error);
  }
});
