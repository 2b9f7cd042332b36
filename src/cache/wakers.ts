import type { Pushed, Watch } from "./store.js";

/** Who waits for which key in this process. */
export interface Wakers {
  /** True when somebody waits for the key. */
  has(key: string): boolean;
  add(key: string): Watch;
  wake(key: string, pushed?: Pushed): void;
  wakeAll(): void;
  keys(): IterableIterator<string>;
}

/** `onIdle` runs when the last watch of a key closes. */
export function createWakers(onIdle: (key: string) => void = () => {}): Wakers {
  const byKey = new Map<string, Set<(pushed?: Pushed) => void>>();

  return {
    has: (key) => byKey.has(key),
    keys: () => byKey.keys(),
    add(key) {
      let woken = false;
      let told: Pushed | undefined;
      let resolveNext: (() => void) | undefined;
      const wake = (pushed?: Pushed) => {
        woken = true;
        told = pushed;
        resolveNext?.();
      };
      const wakes = byKey.get(key) ?? new Set();
      byKey.set(key, wakes.add(wake));
      return {
        next: () =>
          new Promise((resolve) => {
            // A wake between two calls of next() must not be lost: the waiter was reading meanwhile.
            resolveNext = () => {
              woken = false;
              resolveNext = undefined;
              resolve(told);
            };
            if (woken) resolveNext();
          }),
        close() {
          wakes.delete(wake);
          if (wakes.size === 0 && byKey.get(key) === wakes) {
            byKey.delete(key);
            onIdle(key);
          }
        },
      };
    },
    wake(key, pushed) {
      for (const wake of byKey.get(key) ?? []) wake(pushed);
    },
    wakeAll() {
      for (const wakes of byKey.values()) for (const wake of wakes) wake();
    },
  };
}
