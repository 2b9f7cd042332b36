import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { createCache } from "../../../src/cache/index.js";
import { createServerClock } from "../../../src/cache/redis/clock.js";
import { type Connection, openConnection } from "../../../src/cache/redis/connection.js";
import { testConnection } from "../../support/test-connection.js";

const { server, connection } = await testConnection();

afterEach(() => void vi.useRealTimers());

const HOUR_SECONDS = 3_600;

/** The server, seen through one whose clock is set differently. */
function shifted(seconds: number): Connection {
  return {
    ...connection,
    async send(...command) {
      const [serverSeconds, microseconds] = (await connection.send(...command)) as [Buffer, Buffer];
      return [Buffer.from(String(Number(serverSeconds) + seconds)), microseconds];
    },
  };
}

async function serverNow(source: Connection): Promise<number> {
  const reply = (await source.send("time")) as Buffer[];
  const [seconds, microseconds] = reply.map(Number) as [number, number];
  return seconds * 1_000 + microseconds / 1_000;
}

test.each([0, HOUR_SECONDS, -HOUR_SECONDS])(
  "tells the server's time, %d seconds from ours",
  async (seconds) => {
    const source = shifted(seconds);
    const clock = createServerClock(source);
    const startedAt = performance.now();
    const before = await serverNow(source);
    await clock.set();
    const now = clock.now();
    const after = await serverNow(source);
    // Right within half a round trip, of which all together took no longer than this.
    const slackMs = performance.now() - startedAt + 1;
    expect(now).toBeGreaterThan(before - slackMs);
    expect(now).toBeLessThan(after + slackMs);
    clock.close();
  },
);

test("tells this process's time until it was set once", () => {
  const clock = createServerClock(shifted(HOUR_SECONDS));
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(5_000);
  clock.close();
});

test("goes on as it was set while the server is out of reach", async () => {
  const clock = createServerClock(shifted(HOUR_SECONDS));
  await clock.set();
  server.pause();
  try {
    const cut = openConnection(server.client(), 50);
    const lonely = createServerClock(cut);
    await expect(lonely.set()).rejects.toThrow("Redis must answer within 50 ms");
    lonely.close();
    cut.close();
    expect(Math.abs(clock.now() - Date.now() - HOUR_SECONDS * 1_000)).toBeLessThan(5_000);
  } finally {
    server.resume();
    clock.close();
  }
});

test("is set anew every half a minute, and not after closing", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const asked: number[] = [];
  const clock = createServerClock({
    ...connection,
    async send() {
      asked.push(asked.length);
      return [Buffer.from("1"), Buffer.from("0")];
    },
  });
  await vi.advanceTimersByTimeAsync(90_000);
  expect(asked).toHaveLength(9);
  clock.close();
  await vi.advanceTimersByTimeAsync(90_000);
  expect(asked).toHaveLength(9);
});

test("takes the sample with the shortest round trip, however slow the others were", async () => {
  let asked = 0;
  const clock = createServerClock({
    ...connection,
    async send() {
      asked += 1;
      const now = performance.now();
      // The first answer is a hundred milliseconds old when it is read.
      if (asked === 1) while (performance.now() < now + 100);
      return [Buffer.from("1000"), Buffer.from("0")];
    },
  });
  await clock.set();
  const apart = Math.abs(clock.now() - 1_000_000);
  clock.close();
  expect(apart).toBeLessThan(40);
});

test("the first read of a process whose clock is behind is given nothing past its ttl", async () => {
  const options = { redis: server.client(), commandTimeoutMs: 2_000 };
  const before = createCache(options);
  await before.getOrSet("key", { ttlSeconds: 0.05, staleIfErrorSeconds: 3_600 }, () => "old");
  await expect.poll(() => before.get("key")).toBeUndefined();

  const { timeOrigin } = performance;
  const behind = { configurable: true, value: timeOrigin - HOUR_SECONDS * 1_000 };
  Object.defineProperty(performance, "timeOrigin", behind);
  onTestFinished(() => void Reflect.deleteProperty(performance, "timeOrigin"));
  const begun = createCache(options);
  expect(await begun.getOrSet("key", { ttlSeconds: 60 }, () => "new")).toBe("new");
  await Promise.all([before.close(), begun.close()]);
});
