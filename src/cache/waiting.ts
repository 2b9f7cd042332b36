import { cameBy } from "./deferred.js";
import type { Reading, SeenLease } from "./store.js";
import type { WaitingRooms } from "./waiting-rooms.js";

/** One caller's waiting for what others load, up to its deadline. */
export class Waiting {
  readonly #rooms: WaitingRooms;
  readonly #key: string;
  readonly #tags: readonly string[];
  readonly #deadline: number;
  #began = false;
  #isRegistered = false;
  #looked: Promise<Reading> | undefined;

  constructor(rooms: WaitingRooms, key: string, tags: readonly string[], waitMs: number) {
    this.#rooms = rooms;
    this.#key = key;
    this.#tags = tags;
    this.#deadline = performance.now() + waitMs;
  }

  /** Whether it waited at all. */
  get began(): boolean {
    return this.#began;
  }

  /** True once the caller has waited long enough, and should load for itself. */
  isOver(): boolean {
    return performance.now() >= this.#deadline;
  }

  /** True when the promise settled before the deadline. */
  until(promise: Promise<unknown>): Promise<boolean> {
    this.#began = true;
    return cameBy(promise, this.#deadline);
  }

  /** Somebody else's lease is to be waited for: the next look is for when the key may have changed. */
  stayBehind(lease: SeenLease): void {
    this.#began = true;
    const leaseEndsAt = performance.now() + Math.max(1, lease.remainingMs);
    const dueAt = this.#isRegistered ? Math.min(leaseEndsAt, this.#deadline) : 0;
    this.#looked = this.#rooms.look(this.#key, this.#tags, dueAt);
    this.#isRegistered = true;
  }

  /** That look, once for each `stayBehind`; undefined without one. Rejects as `Store.read` does. */
  nextLook(): Promise<Reading> | undefined {
    const looked = this.#looked;
    this.#looked = undefined;
    return looked;
  }
}
