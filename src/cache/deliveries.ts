import type { CarriedOut, Evictions } from "./evictions.js";
import type { NearCache } from "./near-cache.js";
import type { Outage } from "./outage.js";
import type { Reporter } from "./reporter.js";
import type { EvictionList, Undelivered } from "./undelivered.js";

/**
 * Evictions as callers issue them: carried out at once where the store is in reach, else remembered, which binds this
 * process from the call on. Undefined: not delivered.
 */
export interface Deliveries {
  evict(tags: readonly string[]): Promise<CarriedOut | undefined>;
  delete(key: string): Promise<CarriedOut | undefined>;
  clear(): Promise<void>;
}

export interface DeliveryParts {
  readonly evictions: Evictions;
  readonly undelivered: Undelivered;
  readonly outage: Outage;
  readonly reporter: Reporter;
  readonly near?: NearCache | undefined;
  /** Loads of an outage, which nobody may join past an eviction of what they are filed under. */
  readonly outageLoads: EvictionList;
}

const NOTHING_EVICTED: CarriedOut = { entries: 0, replicated: true };

export function createDeliveries(parts: DeliveryParts): Deliveries {
  const { evictions, undelivered, outage, reporter, near, outageLoads } = parts;

  /** `forget` takes it from the near cache, before and after: what was read in between may be from before. */
  async function deliver<T>(
    now: () => Promise<T>,
    note: (list: EvictionList) => void,
    forget: (near: NearCache) => void,
  ): Promise<T | undefined> {
    if (near) forget(near);
    if (!outage.isOn) {
      try {
        const done = await now();
        if (near) forget(near);
        // Where a node of a cluster is lost, loads are shared as in an outage.
        note(outageLoads);
        return done;
      } catch (error) {
        // Whether it was carried out, nobody knows: it is delivered again before anything is read.
        note(undelivered);
        outage.begin(error);
        note(outage.evicted);
        note(outageLoads);
        return undefined;
      }
    }
    note(undelivered);
    note(outage.evicted);
    note(outageLoads);
    return undefined;
  }

  return {
    async evict(tags) {
      if (tags.length === 0) return NOTHING_EVICTED;
      const done = await deliver(
        () => evictions.evict(tags),
        (list) => list.addTags(tags),
        (near) => near.evict(tags),
      );
      const { replicated: delivered, entries } = done ?? { replicated: false, entries: 0 };
      reporter.report({ type: "evict", tags, delivered, entries });
      return done;
    },

    async delete(key) {
      reporter.report({ type: "delete", key });
      return deliver(
        () => evictions.delete(key),
        (list) => list.addKey(key),
        (near) => near.delete(key),
      );
    },

    async clear() {
      await deliver(
        () => evictions.clear(),
        (list) => list.addEverything(),
        (near) => near.clear(),
      );
    },
  };
}
