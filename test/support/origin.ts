import type { Gate } from "./gate.js";

/** An origin that counts how often it is asked. */
export interface Origin {
  /** How many loads have begun. */
  readonly loads: number;
  /** A load: passes the gate, if there is one, and gives the value. */
  readonly load: () => Promise<unknown>;
}

/** `value` may be a function of how many loads have begun; each load is given what holds when it begins. */
export function createOrigin(value: unknown | ((loads: number) => unknown), gate?: Gate): Origin {
  let loads = 0;
  return {
    get loads() {
      return loads;
    },
    async load() {
      loads += 1;
      const result = typeof value === "function" ? value(loads) : value;
      await gate?.pass();
      return result;
    },
  };
}
