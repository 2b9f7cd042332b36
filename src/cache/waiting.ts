import { cameBy } from "./deferred.js";
import type { Reading, SeenLease } from "./store.js";
import type { WaitingRooms } from "./waiting-rooms.js";

/** How long a lease that no look shows is believed: its server's clock is behind what is known of it here. */
const UNSEEN_LEASE_MS = 25;

/** One caller's waiting for what others load, up to its deadline. */
export class Waiting {
  readonly #rooms: WaitingRooms;
  readonly #key: string;
  readonly #tags: readonly string[];
  readonly #deadline: number;
  readonly #onBegin: () => void;
  #began = false;
  #isRegistered = false;
  #refusals = 0;
  #looked: Promise<Reading> | undefined;

  /** @param onBegin told once, if it waits at all */
  constructor(
    rooms: WaitingRooms,
    key: string,
    tags: readonly string[],
    waitMs: number,
    onBegin: () => void = () => {},
  ) {
    this.#rooms = rooms;
    this.#key = key;
    this.#tags = tags;
    this.#deadline = performance.now() + waitMs;
    this.#onBegin = onBegin;
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
    this.#begin();
    return cameBy(promise, this.#deadline);
  }

  /** Somebody else's lease is to be waited for: the next look is for when the key may have changed. */
  stayBehind(lease: SeenLease): void {
    this.#begin();
    this.#refusals = 0;
    const leaseEndsAt = performance.now() + Math.max(1, lease.remainingMs);
    const dueAt = this.#isRegistered ? Math.min(leaseEndsAt, this.#deadline) : 0;
    this.#looked = this.#rooms.look(this.#key, this.#tags, dueAt);
    this.#isRegistered = true;
  }

  /**
   * The lease was refused, and none was seen. Once, another was quicker, which the next look shows; but where it does
   * not, that and the refusal would take turns without a pause.
   */
  async wasRefused(): Promise<void> {
    this.#refusals += 1;
    if (this.#refusals === 1) return;
    this.#begin();
    const leftMs = Math.max(0, this.#deadline - performance.now());
    await new Promise((resolve) => setTimeout(resolve, Math.min(UNSEEN_LEASE_MS, leftMs)));
  }

  #begin(): void {
    if (!this.#began) this.#onBegin();
    this.#began = true;
  }

  /** That look, once for each `stayBehind`; undefined without one. Rejects as `Store.read` does. */
  nextLook(): Promise<Reading> | undefined {
    const looked = this.#looked;
    this.#looked = undefined;
    return looked;
  }
}
