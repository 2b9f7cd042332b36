import type { CounterDriver } from "../driver.js";
import type { ExpiringMap } from "./expiring-map.js";

export function createMemoryCounters(counters: ExpiringMap<{ value: number }>): CounterDriver {
  const read = (id: string): [number, number] => [
    counters.get(id)?.value ?? 0,
    counters.remainingMs(id),
  ];

  return {
    async increment(id, by, ttlMs) {
      const counter = counters.get(id);
      if (counter === undefined) counters.set(id, { value: by }, ttlMs);
      else counter.value += by;
      return read(id);
    },
    async read(id) {
      return read(id);
    },
    async delete(id) {
      return counters.delete(id);
    },
  };
}
