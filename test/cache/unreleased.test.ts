import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreUnavailableError } from "../../src/cache/errors.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Store } from "../../src/cache/store.js";
import { rememberReleases, type Unreleased } from "../../src/cache/unreleased.js";

const LEASE_MS = 10_000;
let memory: Store;
let isAway: boolean;
let unreleased: Unreleased;

beforeEach(() => {
  memory = createMemoryStore({ maxEntries: 10, maxBytes: 1000 });
  isAway = false;
  unreleased = rememberReleases(
    {
      ...memory,
      async releaseLease(...lease) {
        if (isAway) throw new StoreUnavailableError("gone");
        await memory.releaseLease(...lease);
      },
    },
    LEASE_MS,
  );
});
afterEach(() => memory.close());

async function take(key: string): Promise<string> {
  const token = `t:${key}`.padEnd(8, "-");
  const grant = await unreleased.store.takeLease({
    key,
    tags: [],
    token,
    leaseMs: LEASE_MS,
    over: "",
  });
  if (!grant.taken) throw new Error("The lease must be free.");
  return grant.token;
}
const isHeld = async (key: string) => (await memory.read(key, [])).lease !== undefined;

test("a lease that could not be given up is given up when the store is back", async () => {
  const token = await take("menu");
  isAway = true;
  await expect(unreleased.store.releaseLease("menu", token, 0)).rejects.toThrow("gone");
  await expect(unreleased.deliver()).rejects.toThrow("gone");
  expect(await isHeld("menu")).toBe(true);
  isAway = false;
  await unreleased.deliver();
  expect(await isHeld("menu")).toBe(false);
});

test("one that is another's by then is left to it", async () => {
  const token = await take("menu");
  isAway = true;
  await unreleased.store.releaseLease("menu", token, 0).catch(() => {});
  await memory.delete("menu");
  const grant = await memory.takeLease({
    key: "menu",
    tags: [],
    token: "another-",
    leaseMs: LEASE_MS,
    over: "",
  });
  expect(grant.taken).toBe(true);
  isAway = false;
  await unreleased.deliver();
  expect(await isHeld("menu")).toBe(true);
});

test.each<[string, (key: string, token: string) => Promise<unknown>]>([
  ["given up", (key, token) => unreleased.store.releaseLease(key, token, 0)],
  [
    "committed",
    (key, token) =>
      unreleased.store.commit(key, token, {
        format: 0,
        value: new Uint8Array(),
        ttlMs: 1000,
        loadMs: 1,
        staleWhileRevalidateMs: 0,
        staleIfErrorMs: 0,
        tags: [],
        nonces: [],
      }),
  ],
])(
  "one that was %s is given up once more where the store may have forgotten that",
  async (_how, end) => {
    const token = await take("menu");
    await end("menu", token);
    expect(await isHeld("menu")).toBe(false);
    // As a snapshot has it that was taken before.
    await memory.delete("menu");
    await take("menu");
    expect(await isHeld("menu")).toBe(true);

    await unreleased.deliver();
    expect(await isHeld("menu")).toBe(true);
    unreleased.suspect();
    await unreleased.deliver();
    expect(await isHeld("menu")).toBe(false);
  },
);
