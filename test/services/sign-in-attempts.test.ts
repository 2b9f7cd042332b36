import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SessionUnavailableError, TooManyAttemptsError } from "../../src/services/errors.js";
import { createSignInAttempts } from "../../src/services/sign-in-attempts.js";
import { createRedisStorage } from "../../src/storage/index.js";
import { startRedis } from "../support/redis-server.js";
import { type StorageUnderTest, storageKinds } from "../support/storages.js";

describe.each(storageKinds)("sign-in attempts on $kind", ({ start }) => {
  let under: StorageUnderTest;
  beforeAll(async () => {
    under = await start();
  });
  afterAll(() => under[Symbol.asyncDispose]());

  const limits = { maxPerAccount: 3, maxPerAddress: 5, windowSeconds: 900 };
  const make = () => createSignInAttempts({ storage: under.storage, ...limits });
  const tooMany = TooManyAttemptsError;

  test("an account has so many, from wherever they come, and then must wait", async () => {
    const attempts = make();
    for (const address of ["10.1.0.1", "10.1.0.2", "10.1.0.3"]) {
      await attempts.count({ address, email: "Ada@example.org" });
    }
    await under.advanceSeconds(600);
    const refused = attempts.count({ address: "10.1.0.4", email: " ada@EXAMPLE.org" });
    const error = await refused.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(tooMany);
    expect(error.retryAfterSeconds).toBeGreaterThan(290);
    expect(error.retryAfterSeconds).toBeLessThanOrEqual(300);

    await attempts.count({ address: "10.1.0.4", email: "bea@example.org" });
    await under.advanceSeconds(300);
    await attempts.count({ address: "10.1.0.4", email: "ada@example.org" });
  });

  test("attempts made at once count one each", async () => {
    const attempts = make();
    const made = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) =>
        attempts.count({ address: `10.2.0.${i}`, email: "at-once@example.org" }),
      ),
    );
    expect(made.filter((one) => one.status === "fulfilled")).toHaveLength(3);
  });

  test("an address has so many, at whatever accounts, and those do not suffer past that", async () => {
    const attempts = make();
    const address = "10.3.0.1";
    for (let i = 0; i < 5; i += 1) await attempts.count({ address, email: `a${i}@example.org` });
    for (let i = 0; i < 5; i += 1) {
      await expect(attempts.count({ address, email: "victim@example.org" })).rejects.toThrow(
        tooMany,
      );
    }
    await expect(attempts.count({ address })).rejects.toThrow(tooMany);
    await attempts.count({ address: "10.3.0.2", email: "victim@example.org" });
  });

  test.each([
    ["2001:db8:1:2::1", "2001:0db8:1:2:ffff:ffff::9", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["::1", "::2", true],
    ["::ffff:10.9.0.1", "10.9.0.1", true],
    ["fe80::1%eth0", "fe80::2", true],
  ])("%s and %s are one address: %s", async (first, second, isOne) => {
    await under.advanceSeconds(900);
    const attempts = make();
    for (let i = 0; i < 5; i += 1) await attempts.count({ address: first });
    const counted = attempts.count({ address: second });
    if (isOne) await expect(counted).rejects.toThrow(tooMany);
    else await counted;
  });

  test("an account whose owner has signed in begins anew, the address does not", async () => {
    const attempts = make();
    const attempt = { address: "10.4.0.1", email: "owner@example.org" };
    for (let i = 0; i < 3; i += 1) await attempts.count(attempt);
    await attempts.forgive("OWNER@example.org");
    await attempts.count(attempt);
    await attempts.count(attempt);
    await expect(attempts.count(attempt)).rejects.toThrow(tooMany);
  });
});

test("the counters hold no address of an account, and expire", async () => {
  await using server = await startRedis();
  const redis = server.client();
  const attempts = createSignInAttempts({ storage: createRedisStorage({ redis }) });
  await attempts.count({ address: "10.0.0.1", email: "ada@example.org" });
  const keys = await redis.keys("*");
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    expect(key).not.toContain("ada");
    expect(await redis.ttl(key)).toBeGreaterThan(0);
  }
});

test("without Redis nobody is let through uncounted", async () => {
  await using server = await startRedis();
  const storage = createRedisStorage({ redis: server.client(), commandTimeoutMs: 100 });
  await server.kill();
  const attempts = createSignInAttempts({ storage });
  await expect(attempts.count({ address: "10.0.0.1" })).rejects.toThrow(SessionUnavailableError);
});
