import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createCacheOver } from "../../../src/cache/cache.js";
import { createMemoryStore } from "../../../src/cache/memory-store.js";
import { resolveSettings } from "../../../src/cache/settings.js";
import { DELETION_KEPT_MS } from "../../../src/cache/store.js";
import { afterPromiseJobs } from "../../consistency/interleaved.js";
import { createGate } from "../../support/gate.js";
import { skippingClock } from "../../support/skipping-clock.js";
import { createOriginTable } from "./write-behind-conformance.js";

const settings = resolveSettings({ earlyRefresh: 0, ttlJitter: 0 });
const store = createMemoryStore({ maxEntries: 100, maxBytes: 100_000 });
const options = { ttlSeconds: 60, tags: ["orders"] };

describe("A write that is taken up before its put is done", () => {
  it.each(["takeLease", "commit"] as const)(
    "is read from its entry, where %s hung",
    async (step) => {
      const hung = createGate();
      const origin = createOriginTable();
      const run = store[step] as (...given: unknown[]) => Promise<unknown>;
      let calls = 0;
      const slow = {
        ...store,
        async [step](...given: unknown[]) {
          calls += 1;
          if (calls === 1) await hung.pass();
          return run.apply(store, given);
        },
      };
      const cache = createCacheOver(slow, settings);
      const queue = cache.writeBehind<string>(`overtakes ${step}`, {
        delaySeconds: 0,
        write: (writes) => origin.write(writes),
      });
      const key = `overtaken in ${step}`;
      const put = queue.put(key, options, "new");
      await hung.arrived;
      const flushed = queue.flush();
      // As far as the flush comes by itself.
      await afterPromiseJobs();
      expect(origin.writes).toEqual([]);
      hung.open();
      expect(await put).toMatchObject({ stored: true });
      await flushed;
      expect(await cache.lookup(key, options, origin.load(key))).toMatchObject({
        value: "new",
        status: "hit",
      });
      expect(origin.loads).toBe(0);
      await cache.close();
    },
  );
});

it("A write whose key was put twice at once is read from its entry, though the first put ends last", async () => {
  const hung = createGate();
  let commits = 0;
  const slow = {
    ...store,
    async commit(...given: Parameters<typeof store.commit>) {
      commits += 1;
      if (commits === 1) await hung.pass();
      return store.commit(...given);
    },
  };
  const cache = createCacheOver(slow, settings);
  const origin = createOriginTable();
  const queue = cache.writeBehind<string>("put twice", {
    delaySeconds: 0,
    write: (writes) => origin.write(writes),
  });
  // The worker has looked, found nothing, and sleeps.
  await pause(20);
  const first = queue.put("twice", options, "a");
  await hung.arrived;
  expect(await queue.put("twice", options, "b")).toMatchObject({ stored: true });
  const flushed = queue.flush();
  // As far as it comes by itself.
  await pause(20);
  hung.open();
  await Promise.all([first, flushed]);
  expect(await cache.lookup("twice", options, origin.load("twice"))).toMatchObject({
    value: "b",
    status: "hit",
  });
  expect(origin.loads).toBe(0);
  await cache.close();
});

it("A deletion in the middle of a write that takes longer than deletions are remembered wins over it", async () => {
  const clock = skippingClock();
  const gate = createGate();
  let forgets = false;
  const forgetting: typeof store = {
    ...store,
    async takeLease(request) {
      const grant = await store.takeLease(request);
      if (!grant.taken || !forgets) return grant;
      return { ...grant, snapshot: { ...grant.snapshot, deletedAt: undefined } };
    },
  };
  const cache = createCacheOver(
    forgetting,
    resolveSettings({ earlyRefresh: 0, leaseSeconds: 600, loadTimeoutSeconds: 600 }),
  );
  const queue = cache.writeBehind<string>("deleted", {
    delaySeconds: 0,
    write: () => gate.pass(),
  });
  await queue.put("deleted", { ttlSeconds: 3600 }, "put");
  await gate.arrived;
  await cache.delete("deleted");
  clock.skip(DELETION_KEPT_MS);
  forgets = true;
  gate.open();
  await queue.flush();
  expect(await cache.getOrSet("deleted", { ttlSeconds: 3600 }, () => "later")).toBe("later");
  await cache.close();
});
