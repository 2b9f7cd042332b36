import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { openPush, type Push, type PushListener } from "../../../src/cache/redis/push.js";
import type { Watch } from "../../../src/cache/store.js";
import { type Link, startLink } from "../../support/link.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const keys = createKeys("c:");

let server: RedisServer;
let redis: Redis;
let push: Push;
const listener = {
  onEviction: vi.fn(),
  onKey: vi.fn(),
  onConnect: vi.fn(),
  onDisconnect: vi.fn(),
} satisfies PushListener;

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
});

beforeEach(async () => {
  vi.clearAllMocks();
  push = openPush(redis, keys, 2_000, listener);
  await connected();
});

afterEach(() => push.close());

afterAll(() => server.stop());

async function connected(times = 1): Promise<void> {
  await expect.poll(() => listener.onConnect.mock.calls.length, { timeout: 10_000 }).toBe(times);
}

/** Whether the watch was woken by what was published before. */
async function isWoken(watch: Watch): Promise<boolean> {
  let woken = false;
  watch.next().then(() => {
    woken = true;
  });
  await delivered();
  return woken;
}

/** Resolves when everything published before was heard: this comes after it, on the same connection. */
async function delivered(): Promise<void> {
  const mark = `mark-${Math.random()}`;
  await redis.publish(keys.evictions, mark);
  await expect.poll(() => listener.onEviction.mock.calls.flat(), { interval: 2 }).toContain(mark);
}

/** Whether a message on the channel wakes the watch. Messages keep their order, so a later one to another watch is waited for. */
async function heardBy(watch: Watch, channel: string): Promise<boolean> {
  let woken = false;
  watch.next().then(() => {
    woken = true;
  });
  const later = await push.watch("later");
  await redis.publish(channel, "");
  await redis.publish(keys.wake("later"), "");
  await later.next();
  later.close();
  return woken;
}

async function subscribers(channel: string): Promise<number> {
  const [, count] = (await redis.pubsub("NUMSUB", channel)) as [string, number];
  return count;
}

/** How many SUBSCRIBE commands the server has seen. */
async function registrations(): Promise<number> {
  const text = await redis.info("commandstats");
  return Number(/cmdstat_subscribe:calls=(\d+)/.exec(text)?.[1] ?? 0);
}

describe("a watch", () => {
  test("is registered at the server when it is given out", async () => {
    await push.watch("menu");
    expect(await subscribers(keys.wake("menu"))).toBe(1);
  });

  test("is woken by the end of its key's fill, and by no other's", async () => {
    const [menu, order] = await Promise.all([push.watch("menu"), push.watch("order")]);
    expect(await heardBy(menu, keys.wake("menu"))).toBe(true);
    expect(await heardBy(order, keys.wake("menu"))).toBe(false);
  });

  test("is woken under a key that holds whatever characters", async () => {
    for (const key of ["a,b", "wake:x", "café 🍕", "{}*?"]) {
      const watch = await push.watch(key);
      expect(await heardBy(watch, keys.wake(key)), key).toBe(true);
      watch.close();
    }
  });

  test("is woken by every eviction: what it waits for may have become doomed", async () => {
    expect(await isWoken(await push.watch("menu"))).toBe(true);
  });

  test("shares its registration, which goes with the last of the key", async () => {
    const watches = await Promise.all([push.watch("menu"), push.watch("menu")]);
    watches[0]?.close();
    await delivered();
    expect(await subscribers(keys.wake("menu"))).toBe(1);
    watches[1]?.close();
    await expect.poll(() => subscribers(keys.wake("menu")), { timeout: 5_000 }).toBe(0);
  });

  test("takes its registration with it, whether or not others have gone before", async () => {
    for (const key of ["menu", "order"]) {
      (await push.watch(key)).close();
      await expect.poll(() => subscribers(keys.wake(key)), { timeout: 5_000 }).toBe(0);
    }
  });

  test("keeps its registration when that of another key goes", async () => {
    await push.watch("menu");
    const order = await push.watch("order");
    order.close();
    await expect.poll(() => subscribers(keys.wake("order")), { timeout: 5_000 }).toBe(0);
    expect(await subscribers(keys.wake("menu"))).toBe(1);
  });

  test("is registered though the one before it was refused that", async () => {
    await redis.acl("SETUSER", "default", "resetchannels", `&${keys.evictions}`);
    try {
      await push.watch("menu");
    } finally {
      await redis.acl("SETUSER", "default", "allchannels");
    }
    expect(await subscribers(keys.wake("menu"))).toBe(0);
    await push.watch("menu");
    expect(await subscribers(keys.wake("menu"))).toBe(1);
  });

  test("is registered again after its registration has gone", async () => {
    for (const _time of [1, 2]) {
      (await push.watch("menu")).close();
      expect(await subscribers(keys.wake("menu"))).toBe(1);
      await expect.poll(() => subscribers(keys.wake("menu")), { timeout: 5_000 }).toBe(0);
    }
  });

  test("finds its key registered still, where somebody waited for it a moment ago", async () => {
    (await push.watch("menu")).close();
    const before = await registrations();
    const watch = await push.watch("menu");
    expect(await registrations()).toBe(before);
    expect(await heardBy(watch, keys.wake("menu"))).toBe(true);
  });

  test("registers anew after the last of its key had gone", async () => {
    (await push.watch("menu")).close();
    const watch = await push.watch("menu");
    expect(await heardBy(watch, keys.wake("menu"))).toBe(true);
  });
});

describe("evictions", () => {
  test("are told as they were published, in their order", async () => {
    for (const message of ["0000000a:1", "0000000a:2"])
      await redis.publish(keys.evictions, message);
    await delivered();
    expect(listener.onEviction.mock.calls.flat().slice(0, 2)).toEqual(["0000000a:1", "0000000a:2"]);
  });

  test("of another prefix are not told", async () => {
    await redis.publish(createKeys("d:").evictions, "0000000a:1");
    await delivered();
    expect(listener.onEviction).toHaveBeenCalledTimes(1);
  });
});

test("who hears all from now on is told that it has begun, and then of every key", async () => {
  push.hearAll();
  await connected(2);
  await redis.publish(keys.wake("menu"), "");
  await expect.poll(() => listener.onKey.mock.calls).toEqual([["menu"]]);
});

test("a stream that is refused is asked for again, until it is granted", async () => {
  const refusals = async () => ((await redis.acl("LOG")) as unknown[]).length;
  await redis.acl("SETUSER", "default", "resetchannels");
  try {
    await expect.poll(refusals, { timeout: 5_000 }).toBeGreaterThan(0);
    expect(push.isConnected).toBe(false);
  } finally {
    await redis.acl("SETUSER", "default", "allchannels");
  }
  await connected(2);
});

describe("a lost stream", () => {
  async function cut(): Promise<void> {
    await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await expect.poll(() => push.isConnected, { interval: 1 }).toBe(false);
  }

  /** In the place of the one that leads to the server straight. */
  async function openOverLink(): Promise<Link> {
    push.close();
    const link = await startLink(server.port);
    push = openPush(server.client({ port: link.port }), keys, 2_000, listener);
    await connected(2);
    return link;
  }

  test("is told while it lasts, and its coming back as well", async () => {
    expect(push.isConnected).toBe(true);
    await cut();
    await connected(2);
    expect(push.isConnected).toBe(true);
  });

  test("wakes everybody when it is back: what was told meanwhile was not heard", async () => {
    const watch = await push.watch("menu");
    const woken = watch.next();
    await cut();
    await woken;
    expect(push.isConnected).toBe(true);
  });

  test("registers whoever waits anew, and hears evictions again", async () => {
    const watch = await push.watch("menu");
    await cut();
    await connected(2);
    await watch.next();
    expect(await heardBy(watch, keys.wake("menu"))).toBe(true);
    await delivered();
  });

  test("is back for who waits once the server knows of it", async () => {
    await using link = await openOverLink();
    const watch = await push.watch("menu");
    listener.onConnect.mockImplementationOnce(() => link.hold("to the server"));
    await cut();
    await watch.next();
    expect(await subscribers(keys.wake("menu"))).toBe(1);
  });

  test("registers who came after it was asked for and before it was granted", async () => {
    await using link = await openOverLink();
    const refusals = async () => ((await redis.acl("LOG")) as unknown[]).length;
    await redis.acl("LOG", "RESET");
    await redis.acl("SETUSER", "default", "resetchannels");
    await expect.poll(refusals, { timeout: 5_000 }).toBeGreaterThan(0);
    link.hold("to the client");
    await redis.acl("SETUSER", "default", "allchannels");
    await expect.poll(() => subscribers(keys.evictions), { timeout: 5_000 }).toBe(1);
    await push.watch("menu");
    link.letThrough();
    await expect.poll(() => subscribers(keys.wake("menu"))).toBe(1);
  });

  test.each([
    ["before it", false],
    ["while it lasted", true],
  ])("leaves no registration behind of who came %s", async (_, isLate) => {
    const early = isLate ? undefined : await push.watch("menu");
    await cut();
    const watch = early ?? (await push.watch("menu"));
    await connected(2);
    await expect.poll(() => subscribers(keys.wake("menu"))).toBe(1);
    watch.close();
    await expect.poll(() => subscribers(keys.wake("menu")), { timeout: 5_000 }).toBe(0);
  });

  test.each<[string, (watch: Watch) => Promise<void>]>([
    [
      "before it",
      (watch) => {
        watch.close();
        return cut();
      },
    ],
    ["while it lasted", (watch) => cut().then(() => watch.close())],
  ])("registers anew who comes back for a key that was given up %s", async (_, giveUp) => {
    await giveUp(await push.watch("menu"));
    await connected(2);
    const watch = await push.watch("menu");
    expect(await subscribers(keys.wake("menu"))).toBe(1);
    expect(await heardBy(watch, keys.wake("menu"))).toBe(true);
  });

  test("lets nobody wait for a registration that cannot be made", async () => {
    await cut();
    const watch = await push.watch("menu");
    // Registered as soon as the stream is back.
    await watch.next();
    await expect.poll(() => subscribers(keys.wake("menu"))).toBe(1);
  });
});

test("a paused server keeps nobody waiting for longer than the time limit", async () => {
  const brief = openPush(redis, keys, 50, listener);
  await connected(2);
  server.pause();
  try {
    // Without a limit this would wait for the answer that only the resumed server gives.
    await brief.watch("menu");
  } finally {
    server.resume();
    brief.close();
  }
});
