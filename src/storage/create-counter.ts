import { checkId, checkWhole, toTtlMs } from "./checks.js";
import type { Counter, CounterOptions, CounterReading } from "./counter.js";
import type { CounterDriver } from "./driver.js";

export function createCounter(driver: CounterDriver, options: CounterOptions): Counter {
  const ttlMs = toTtlMs(options.ttlSeconds) ?? 0;

  return {
    increment: async (id, by = 1) =>
      toReading(await driver.increment(checkId(id), checkWhole("An increment", by), ttlMs)),
    get: async (id) => toReading(await driver.read(checkId(id))),
    delete: async (id) => driver.delete(checkId(id)),
  };
}

function toReading([value, remainingMs]: [number, number]): CounterReading {
  return { value, remainingSeconds: remainingMs / 1_000 };
}
