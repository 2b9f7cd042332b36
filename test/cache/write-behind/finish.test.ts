import { describe, expect, it } from "vitest";
import { createCacheOver } from "../../../src/cache/cache.js";
import { createMemoryStore } from "../../../src/cache/memory-store.js";
import { resolveSettings } from "../../../src/cache/settings.js";
import { afterPromiseJobs } from "../../consistency/interleaved.js";
import { createGate } from "../../support/gate.js";
import { createOriginTable } from "./write-behind-conformance.js";

const settings = resolveSettings({ earlyRefresh: 0, ttlJitter: 0 });
const store = createMemoryStore({ maxEntries: 100, maxBytes: 100_000 });
const options = { ttlSeconds: 60, tags: ["orders"] };

describe("A write that the origin has before its put is done", () => {
  it.each(["takeLease", "commit"] as const)(
    "is read from its entry, where %s hung",
    async (step) => {
      const [hung, written] = [createGate(), createGate()];
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
        write(writes) {
          origin.write(writes);
          written.pass();
        },
      });
      const key = `overtaken in ${step}`;
      const put = queue.put(key, options, "new");
      await hung.arrived;
      const flushed = queue.flush();
      await written.arrived;
      // As far as the flush comes by itself.
      await afterPromiseJobs();
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
