import { checkId, checkOptionNames, checkWhole, toTtlMs } from "./checks.js";
import type { Counter, CounterOptions, CounterReading } from "./counter.js";
import type { CounterDriver } from "./driver.js";
import { InvalidStorageValueError } from "./errors.js";

const KNOWN: Readonly<Record<keyof CounterOptions, true>> = {
  ttlSeconds: true,
};

export function createCounter(driver: CounterDriver, options: CounterOptions): Counter {
  checkOptionNames("A counter", options, KNOWN);
  const ttlMs = toTtlMs(options.ttlSeconds);
  // Redis would take it for no life at all, and this process for one without an end.
  if (ttlMs === undefined) {
    throw new InvalidStorageValueError("A counter must be given ttlSeconds, its window.");
  }

  return {
    increment: async (id, by = 1) =>
      toReading(await driver.increment(checkId(id), checkIncrement(by), ttlMs)),
    get: async (id) => toReading(await driver.read(checkId(id))),
    delete: async (id) => driver.delete(checkId(id)),
  };
}

/** So that none of them gets, in any life, to where Redis and this process no longer count alike. */
const maxIncrement = 1e9;

function checkIncrement(by: number): number {
  // Never -0, which this process would keep, and Redis not.
  if (Math.abs(checkWhole("An increment", by)) <= maxIncrement) return 0 + by;
  throw new InvalidStorageValueError(
    `An increment of a counter must be within ±${maxIncrement}, but ${by} came.`,
  );
}

function toReading([value, remainingMs]: [number, number]): CounterReading {
  return { value, remainingSeconds: remainingMs / 1_000 };
}
