import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  BadInputError,
  NotSignedInError,
  SessionUnavailableError,
} from "../../src/services/errors.js";
import { createSessions, type Sessions } from "../../src/services/sessions.js";
import { createRedisStorage, type Storage } from "../../src/storage/index.js";
import { createGate } from "../support/gate.js";
import { startRedis } from "../support/redis-server.js";
import { type StorageUnderTest, storageKinds } from "../support/storages.js";

const hour = 3_600;

describe.each(storageKinds)("sessions on $kind", ({ start }) => {
  let under: StorageUnderTest;
  let sessions: Sessions;
  beforeAll(async () => {
    under = await start();
    sessions = createSessions(under);
  });
  afterAll(() => under[Symbol.asyncDispose]());

  let customers = 0;
  const signIn = async (customerId = `customer-${++customers}`) => {
    const { token } = await sessions.create({ customerId, role: "customer" });
    return { token, customerId };
  };
  const cartOf = async (token: string) =>
    Object.fromEntries((await sessions.find(token))!.cart.map((l) => [l.sizeId, l.quantity]));

  test("a new session belongs to its customer, and is found by its token alone", async () => {
    const { token, session } = await sessions.create({ customerId: "ada", role: "staff" });
    expect(session).toEqual({
      customerId: "ada",
      role: "staff",
      cart: [],
      cartVersion: 0,
      checkout: null,
      answered: null,
      preferences: { language: null, vegetarian: null, favouriteItems: [] },
      loginTime: under.now(),
      lastActivity: under.now(),
    });
    expect(await sessions.find(token)).toEqual(session);
    for (const none of [
      "",
      "x",
      `${token}x`,
      token.replace(/.$/, "-"),
      "-".repeat(43),
      "é".repeat(43),
    ]) {
      expect(await sessions.find(none)).toBeNull();
    }
  });

  test("tokens are 256 random bits", async () => {
    const tokens = await Promise.all(
      Array.from({ length: 50 }, async () => (await signIn()).token),
    );
    expect(new Set(tokens).size).toBe(50);
    for (const token of tokens) expect(Buffer.from(token, "base64url")).toHaveLength(32);
  });

  test("lives four hours past its last use, of whatever kind", async () => {
    const { token } = await signIn();
    const loginTime = under.now();
    await under.advanceSeconds(4 * hour - 1);
    const found = await sessions.find(token);
    expect(found).toMatchObject({ loginTime, lastActivity: under.now() });
    await under.advanceSeconds(4 * hour - 1);
    await sessions.addToCart(token, "big", 1);
    await under.advanceSeconds(4 * hour - 1);
    expect(await cartOf(token)).toEqual({ big: 1 });
    await under.advanceSeconds(4 * hour);
    expect(await sessions.find(token)).toBeNull();
  });

  test("what ended cannot be used, and nothing brings it back", async () => {
    const { token } = await signIn();
    expect(await sessions.end(token)).toBe(true);
    expect(await sessions.end(token)).toBe(false);
    for (const attempt of [
      () => sessions.addToCart(token, "big", 1),
      () => sessions.removeFromCart(token, "big"),
      () => sessions.beginCheckout(token, { cart: [], cartVersion: 0 }, "key"),
      () => sessions.settleCheckout(token, { id: "id", key: "key", lines: [] }),
      () => sessions.setPreferences(token, { vegetarian: true }),
      () => sessions.addToCart("no token", "big", 1),
    ]) {
      await expect(attempt()).rejects.toBeInstanceOf(NotSignedInError);
    }
    expect(await sessions.find(token)).toBeNull();
  });

  test("the cart is filled, by several devices at once, and lines come by size id", async () => {
    const { token } = await signIn();
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => sessions.addToCart(token, i % 3 ? "b" : "a", 2)),
    );
    const session = await sessions.removeFromCart(token, "none");
    expect(session.cart).toEqual([
      { sizeId: "a", quantity: 20 },
      { sizeId: "b", quantity: 40 },
    ]);
    expect((await sessions.removeFromCart(token, "a")).cart).toEqual([
      { sizeId: "b", quantity: 40 },
    ]);
  });

  test("taking out what is not in the cart changes nothing, and an order of it goes on", async () => {
    const { token } = await signIn();
    const read = await sessions.addToCart(token, "a", 1);
    const after = await sessions.removeFromCart(token, "none");
    expect([after.cart, after.cartVersion]).toEqual([read.cart, read.cartVersion]);
    expect(await sessions.beginCheckout(token, read, "key")).toBeDefined();
    for (const wrong of ["", "x".repeat(101)]) {
      await expect(sessions.removeFromCart(token, wrong)).rejects.toBeInstanceOf(BadInputError);
    }
  });

  test("settling an order takes its lines out once, and leaves what was added since", async () => {
    const { token } = await signIn();
    await sessions.addToCart(token, "a", 2);
    const checkout = await sessions.beginCheckout(
      token,
      await sessions.addToCart(token, "b", 1),
      "key",
    );
    expect(checkout).toEqual({
      id: expect.any(String),
      key: "key",
      lines: [
        { sizeId: "a", quantity: 2 },
        { sizeId: "b", quantity: 1 },
      ],
    });
    expect(await sessions.find(token)).toMatchObject({ checkout, cart: checkout?.lines });
    await sessions.addToCart(token, "b", 3);
    await sessions.addToCart(token, "c", 1);
    await sessions.settleCheckout(token, checkout!);
    expect(await cartOf(token)).toEqual({ b: 3, c: 1 });
    await sessions.addToCart(token, "a", 1);
    await sessions.settleCheckout(token, checkout!);
    expect(await cartOf(token)).toEqual({ a: 1, b: 3, c: 1 });
    expect(await sessions.find(token)).toMatchObject({ checkout: null });
  });

  test("a cart is ordered by one at a time, and only as it was read", async () => {
    const { token } = await signIn();
    const read = await sessions.addToCart(token, "a", 1);
    const begun = await Promise.all(
      Array.from({ length: 10 }, (_, i) => sessions.beginCheckout(token, read, `key ${i}`)),
    );
    const [checkout, ...others] = begun.filter((one) => one !== undefined);
    expect(others).toEqual([]);
    await sessions.abandonCheckout(token, checkout!);
    expect(await cartOf(token)).toEqual({ a: 1 });

    for (const change of [
      () => sessions.addToCart(token, "a", 1),
      () => sessions.removeFromCart(token, "a"),
    ]) {
      const before = (await sessions.find(token))!;
      await change();
      expect(await sessions.beginCheckout(token, before, "key")).toBeUndefined();
    }
    const again = (await sessions.find(token))!;
    const second = await sessions.beginCheckout(token, again, "key");
    await sessions.settleCheckout(token, second!);
    expect(await sessions.beginCheckout(token, again, "key")).toBeUndefined();
  });

  test("a cart holds at most 100 of a size and 50 sizes, and refuses what is no quantity", async () => {
    const { token } = await signIn();
    for (const quantity of [0, -1, 1.5, 101, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(sessions.addToCart(token, "a", quantity)).rejects.toThrow(BadInputError);
    }
    await expect(sessions.addToCart(token, "", 1)).rejects.toThrow(BadInputError);
    await expect(sessions.addToCart(token, "x".repeat(101), 1)).rejects.toThrow(BadInputError);

    await sessions.addToCart(token, "a", 99);
    await expect(sessions.addToCart(token, "a", 2)).rejects.toThrow("at most 100 of a size");
    await sessions.addToCart(token, "a", 1);
    for (let i = 1; i < 50; i += 1) await sessions.addToCart(token, `size-${i}`, 1);
    await expect(sessions.addToCart(token, "one more", 1)).rejects.toThrow("at most 50");
    expect((await sessions.find(token))?.cart).toHaveLength(50);
    expect((await cartOf(token)).a).toBe(100);
  });

  test("preferences change one by one, stay otherwise, and null unsets them", async () => {
    const { token } = await signIn();
    await Promise.all([
      sessions.setPreferences(token, { language: "EN-gb" }),
      sessions.setPreferences(token, { vegetarian: false }),
      sessions.setPreferences(token, { favouriteItems: ["b", "a", "b"], language: undefined }),
    ]);
    const { preferences } = (await sessions.find(token))!;
    expect(preferences).toEqual({
      language: "en-GB",
      vegetarian: false,
      favouriteItems: ["b", "a"],
    });
    const unset = { language: null, vegetarian: null, favouriteItems: null };
    expect((await sessions.setPreferences(token, unset)).preferences).toEqual({
      language: null,
      vegetarian: null,
      favouriteItems: [],
    });
  });

  test.each([
    { language: "not a language" },
    { language: "en".repeat(20) },
    { language: "" },
    { favouriteItems: [""] },
    { favouriteItems: Array.from({ length: 51 }, (_, i) => `item-${i}`) },
  ])("refuses the preferences %j", async (change) => {
    const { token } = await signIn();
    await expect(sessions.setPreferences(token, change)).rejects.toBeInstanceOf(BadInputError);
  });

  test("all of a customer's sessions end together, and nobody else's", async () => {
    const [first, other] = [await signIn(), await signIn()];
    const second = await signIn(first.customerId);
    const ended = await signIn(first.customerId);
    await sessions.end(ended.token);

    expect(await sessions.endAll(first.customerId)).toBe(2);
    expect(await sessions.find(first.token)).toBeNull();
    expect(await sessions.find(second.token)).toBeNull();
    expect(await sessions.find(other.token)).not.toBeNull();
    expect(await sessions.endAll(first.customerId)).toBe(0);
    expect(await sessions.endAll("nobody")).toBe(0);
  });

  test("a session that begins while all others end can be ended with the next", async () => {
    const { storage } = under;
    const ended = createGate();
    const passing: Storage = {
      ...storage,
      hash(name, schema, options) {
        const records = storage.hash(name, schema, options);
        const save: typeof records.save = async (id, values) => {
          await ended.pass();
          return records.save(id, values);
        };
        return { ...records, save };
      },
    };
    const customerId = `customer-${++customers}`;
    const starting = createSessions({ storage: passing, now: under.now });
    const begun = starting.create({ customerId, role: "customer" });
    await ended.arrived;
    await sessions.endAll(customerId);
    ended.open();
    const { token } = await begun;
    expect(await sessions.endAll(customerId)).toBe(1);
    expect(await sessions.find(token)).toBeNull();
  });

  test("a session kept alive for days still ends with the others", async () => {
    const { token, customerId } = await signIn();
    for (let i = 0; i < 20; i += 1) {
      await under.advanceSeconds(3.9 * hour);
      await sessions.find(token);
      if (i === 10) await signIn(customerId);
    }
    expect(await sessions.endAll(customerId)).toBe(1);
    expect(await sessions.find(token)).toBeNull();
  });

  test("a session used a while ago ends with the others, though its first hours are over", async () => {
    const { token, customerId } = await signIn();
    await under.advanceSeconds(3 * hour);
    await sessions.find(token);
    await under.advanceSeconds(3 * hour);
    expect(await sessions.endAll(customerId)).toBe(1);
  });

  test("a session last used minutes after it began ends with the others in its last minute", async () => {
    const { token, customerId } = await signIn();
    await under.advanceSeconds(590);
    await sessions.find(token);
    await under.advanceSeconds(4 * hour - 60);
    expect(await sessions.endAll(customerId)).toBe(1);
    expect(await sessions.find(token)).toBeNull();
  });

  test("a customer who signs in again and again is remembered by no session that is long over", async () => {
    const { customerId } = await signIn();
    for (let i = 0; i < 3; i += 1) {
      await under.advanceSeconds(3 * hour);
      await signIn(customerId);
    }
    const index = under.storage.sortedSet("customer-sessions", {
      id: customerId,
      ttlSeconds: 5 * hour,
      sliding: true,
    });
    expect(await index.top(10)).toHaveLength(2);
  });

  test("a customer with a great many sessions loses them all", async () => {
    const customerId = "busy";
    const created = Array.from({ length: 600 }, () => signIn(customerId));
    const tokens = await Promise.all(created);
    expect(await sessions.endAll(customerId)).toBe(600);
    expect(await sessions.find(tokens[0]!.token)).toBeNull();
  });

  test("a session stored in a shape that is no longer ours is none, and goes", async () => {
    const { token } = await signIn();
    const { createHash } = await import("node:crypto");
    const id = createHash("sha256").update(token).digest("base64url");
    const raw = under.storage.hash("session", {});
    await raw.save(id, {});
    expect(await sessions.find(token)).toBeNull();
    expect(await raw.get(id)).toBeUndefined();
  });
});

test("Redis holds no token, and nothing of sessions that are over", async () => {
  await using server = await startRedis();
  const redis = server.client();
  const sessions = createSessions({ storage: createRedisStorage({ redis }) });
  const { token } = await sessions.create({ customerId: "ada", role: "customer" });
  await sessions.addToCart(token, "big", 2);

  const keys = await redis.keys("*");
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    const type = await redis.type(key);
    const held = type === "hash" ? await redis.hgetall(key) : await redis.zrange(key, "0", "-1");
    expect(JSON.stringify([key, held])).not.toContain(token);
    expect(await redis.pttl(key)).toBeGreaterThan(0);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(4 * hour + 600);
  }
  await sessions.endAll("ada");
  expect(await redis.keys("*")).toEqual([]);
});

test("without Redis every use of a session is SessionUnavailableError, soon, and a foreign token is still null", async () => {
  await using server = await startRedis();
  const redis = server.client();
  // Only what must fail is given so little time: a busy machine may need more to begin a session.
  const patient = createSessions({ storage: createRedisStorage({ redis }) });
  const { token } = await patient.create({ customerId: "ada", role: "customer" });
  await server.kill();
  const sessions = createSessions({
    storage: createRedisStorage({ redis, commandTimeoutMs: 100 }),
  });
  for (const attempt of [
    () => sessions.find(token),
    () => sessions.create({ customerId: "ada", role: "customer" }),
    () => sessions.addToCart(token, "big", 1),
    () => sessions.end(token),
    () => sessions.endAll("ada"),
  ]) {
    await expect(attempt()).rejects.toBeInstanceOf(SessionUnavailableError);
  }
  expect(await sessions.find("no token of ours")).toBeNull();
});
