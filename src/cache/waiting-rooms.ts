import { setImmediate as turn } from "node:timers/promises";
import { createDeferred, type Deferred } from "./deferred.js";
import type { Pushed, Reading, Store } from "./store.js";

/**
 * Where the callers of this process wait for what another one loads: for all who wait for a key there is one watch,
 * and at each wake one read, whose reading they share.
 */
export interface WaitingRooms {
  /**
   * Looks at the key when it may have changed, at `dueAt` (on `performance.now()`'s clock) at the latest. Who comes for
   * the first time gives 0: what changed since its own last look may have woken nobody.
   *
   * @returns a reading that was sent after this call. Rejects as `Store.read` does
   */
  look(key: string, tags: readonly string[], dueAt: number): Promise<Reading>;
  /** Nobody waits any longer: all looks under way reject with this. */
  leaveAll(error: Error): void;
}

type RoomStore = Pick<Store, "read" | "watch">;

/** @param pollMs how often the key is looked at without a push: the net under a lost one, and how a server that hangs is noticed */
export function createWaitingRooms(store: RoomStore, pollMs = LONGEST_POLL_MS): WaitingRooms {
  const rooms = new Map<string, Room>();

  return {
    look(key, tags, dueAt) {
      // No text of a user's key may be taken for another key with its tags.
      const id = JSON.stringify([key, ...tags]);
      let room = rooms.get(id);
      if (!room) {
        room = new Room(store, key, tags, Math.min(pollMs, LONGEST_POLL_MS), () =>
          rooms.delete(id),
        );
        rooms.set(id, room);
      }
      return room.enter(dueAt);
    },
    leaveAll(error) {
      for (const room of rooms.values()) room.leave(error);
    },
  };
}

const LONGEST_POLL_MS = 250;

class Room {
  readonly #store: RoomStore;
  readonly #key: string;
  readonly #tags: readonly string[];
  readonly #pollMs: number;
  /** One promise for all who come for the first time: a crowd is let in at the price of one. */
  #newcomers: Deferred<Reading> | undefined;
  /** And one for those who have been told what the room's last read found, and wait on. */
  #waiters: Deferred<Reading> | undefined;
  /** Those that the read under way is for. */
  #told: readonly Deferred<Reading>[] = [];
  #last: Reading | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  /** A wake that came after the last read was sent. */
  #isWoken = false;
  #timer: NodeJS.Timeout | undefined;
  #rouse: () => void = () => {};

  constructor(
    store: RoomStore,
    key: string,
    tags: readonly string[],
    pollMs: number,
    onEmpty: () => void,
  ) {
    this.#pollMs = pollMs;
    this.#store = store;
    this.#key = key;
    this.#tags = tags;
    this.#serve(onEmpty).catch((error) => {
      onEmpty();
      for (const party of this.#takeAll()) party.reject(error);
    });
  }

  enter(dueAt: number): Promise<Reading> {
    const party = dueAt > 0 ? this.#waiters : this.#newcomers;
    const joined = party ?? createParty();
    if (dueAt > 0) this.#waiters = joined;
    else this.#newcomers = joined;
    if (dueAt < this.#dueAt) {
      this.#dueAt = dueAt;
      this.#setTimer();
    }
    return joined.promise;
  }

  leave(error: Error): void {
    for (const party of [...this.#takeAll(), ...this.#told]) party.reject(error);
    this.#rouse();
  }

  get #isEmpty(): boolean {
    return !this.#newcomers && !this.#waiters;
  }

  #takeAll(): Deferred<Reading>[] {
    const parties = [this.#newcomers, this.#waiters];
    this.#newcomers = undefined;
    this.#waiters = undefined;
    return parties.filter((party) => party !== undefined);
  }

  async #serve(onEmpty: () => void): Promise<void> {
    // Registered before reading: what is committed between a read and the registration wakes nobody.
    const watch = await this.#store.watch(this.#key);
    // Nothing waits for the next one: of a room that is never empty, each wake would hold on to all before it.
    const listen = (): void => {
      watch.next().then((pushed) => {
        if (!pushed || !this.#tellPushed(pushed)) this.#isWoken = true;
        this.#rouse();
        listen();
      });
    };
    listen();
    try {
      for (;;) {
        await this.#tellAll();
        // Who has to wait on comes back within the promise jobs of having been told.
        await turn();
        if (this.#isEmpty) return onEmpty();
        await this.#sleep();
        if (this.#isEmpty) return onEmpty();
      }
    } finally {
      clearTimeout(this.#timer);
      watch.close();
    }
  }

  /** Those of now, and no others: who comes while the read is under way may ask for something newer. */
  async #tellAll(): Promise<void> {
    const parties = this.#takeAll();
    this.#told = parties;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#isWoken = false;
    try {
      const reading = await this.#store.read(this.#key, this.#tags);
      this.#last = reading;
      for (const party of parties) party.resolve(reading);
    } catch (error) {
      for (const party of parties) party.reject(error);
    }
  }

  /**
   * Tells those who looked before what was committed since, without another read. They saw its lease, and its tags in
   * the very versions that it is filed under, when they had called: so no eviction before their calls is missed.
   */
  #tellPushed({ token, entry }: Pushed): boolean {
    const last = this.#last;
    if (last?.lease?.token !== token) return false;
    const { versions } = last;
    if (!entry.tags.every((tag, index) => versions.get(tag) === entry.nonces[index])) return false;
    const reading: Reading = {
      sequence: last.sequence,
      token,
      entry,
      valid: true,
      pass: false,
      doomed: false,
      versions,
      isCoveredBy: (since) => last.isCoveredBy(since),
    };
    this.#waiters?.resolve(reading);
    this.#waiters = undefined;
    return true;
  }

  async #sleep(): Promise<void> {
    if (this.#isWoken) return;
    await new Promise<void>((resolve) => {
      this.#rouse = resolve;
      this.#setTimer();
    });
    clearTimeout(this.#timer);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const untilDue = Math.ceil(this.#dueAt - performance.now());
    this.#timer = setTimeout(() => this.#rouse(), Math.max(0, Math.min(this.#pollMs, untilDue)));
  }
}

function createParty(): Deferred<Reading> {
  const party = createDeferred<Reading>();
  // All may have gone, since their store is out of reach.
  party.promise.catch(() => {});
  return party;
}
