import { cameWithin } from "./deferred.js";
import type { SeenLease, Store, Watch } from "./store.js";

/** One caller's waiting for what others load, up to its deadline. */
export interface Waiting {
  /** True once the caller has waited long enough, and should load for itself. */
  isOver(): boolean;
  /** Whether it waited at all. */
  readonly began: boolean;
  /** True when the promise settled before the deadline. */
  until(promise: Promise<unknown>): Promise<boolean>;
  /** Waits until the key may have changed: look again. */
  whileHeld(lease: SeenLease): Promise<void>;
  end(): void;
}

/** The net under a lost push. */
const POLL_MS = 250;

export function createWaiting(
  store: Store,
  key: string,
  waitMs: number,
  onBegin: () => void,
): Waiting {
  const deadline = performance.now() + waitMs;
  let watch: Watch | undefined;
  let began = false;

  function begin(): void {
    if (began) return;
    began = true;
    onBegin();
  }

  return {
    get began() {
      return began;
    },
    isOver: () => performance.now() >= deadline,
    until(promise) {
      begin();
      return cameWithin(promise, deadline - performance.now());
    },
    async whileHeld(lease) {
      begin();
      if (!watch) {
        // Register before reading: what was committed between the last read and now would wake nobody.
        watch = await store.watch(key);
        return;
      }
      const untilLeaseEnds = Math.max(1, lease.remainingMs);
      const untilDeadline = deadline - performance.now();
      await cameWithin(watch.next(), Math.min(POLL_MS, untilLeaseEnds, untilDeadline));
    },
    end: () => watch?.close(),
  };
}
