import { cameWithin } from "./deferred.js";
import type { Reading, SeenLease } from "./store.js";
import type { WaitingRooms } from "./waiting-rooms.js";

/** One caller's waiting for what others load, up to its deadline. */
export interface Waiting {
  /** True once the caller has waited long enough, and should load for itself. */
  isOver(): boolean;
  /** Whether it waited at all. */
  readonly began: boolean;
  /** True when the promise settled before the deadline. */
  until(promise: Promise<unknown>): Promise<boolean>;
  /** Somebody else's lease is to be waited for: the next look is for when the key may have changed. */
  stayBehind(lease: SeenLease): void;
  /** That look, once for each `stayBehind`; undefined without one. Rejects as `Store.read` does. */
  nextLook(): Promise<Reading> | undefined;
}

export function createWaiting(
  rooms: WaitingRooms,
  { key, tags }: { readonly key: string; readonly tags: readonly string[] },
  waitMs: number,
  onBegin: () => void,
): Waiting {
  const deadline = performance.now() + waitMs;
  let began = false;
  let isRegistered = false;
  let looked: Promise<Reading> | undefined;

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
    stayBehind(lease) {
      begin();
      const leaseEndsAt = performance.now() + Math.max(1, lease.remainingMs);
      looked = rooms.look(key, tags, isRegistered ? Math.min(leaseEndsAt, deadline) : 0);
      isRegistered = true;
    },
    nextLook() {
      const look = looked;
      looked = undefined;
      return look;
    },
  };
}
