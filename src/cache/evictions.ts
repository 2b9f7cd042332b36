import { StoreError } from "./errors.js";
import { createRecentEvictions } from "./recent-evictions.js";
import type { EvictedVersion, EvictionReceipt, Store } from "./store.js";
import { createUndelivered, type EvictionList } from "./undelivered.js";

/** What became of an eviction that the store carried out. */
export interface CarriedOut {
  /** How many index members the tags had; 0 for a key, and for everything. */
  readonly entries: number;
  /** False: a failover may undo it. It is issued again until enough replicas have it. */
  readonly replicated: boolean;
  /** Of tags, where no failover can undo it. */
  readonly versions?: ReadonlyMap<string, EvictedVersion> | undefined;
}

/** The store as evictions reach it: each is kept until no failover can undo it. */
export interface Evictions {
  /** All reject with the store's error where it is not known to have been carried out. */
  evict(tags: readonly string[]): Promise<CarriedOut>;
  delete(key: string): Promise<CarriedOut>;
  clear(): Promise<CarriedOut>;
  /** How many wait for replicas. */
  readonly unreplicated: number;
  /** Tells what a server that was promoted may lack. */
  passOn(lostAtMs: number, to: EvictionList): void;
  close(): void;
}

/** The store did as it was told, but fewer replicas than wanted acknowledged it in time. */
export class UnreplicatedError extends StoreError {
  override readonly code = "E_UNREPLICATED";
  readonly entries: number;

  constructor(message: string, details: { entries?: number; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.entries = details.entries ?? 0;
  }
}

/** Evicting again frees what was filled meanwhile, so a replica that stays away is asked ever more seldom. */
const RETRY_AFTER_MS = [1000, 2000, 4000, 8000, 16_000, 30_000] as const;

export function createEvictions(store: Store): Evictions {
  const recent = createRecentEvictions();
  const unreplicated = createUndelivered();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  /** Noted before it is carried out: a promotion may be seen before its reply is. */
  async function carryOut(
    note: (list: EvictionList) => void,
    run: () => Promise<EvictionReceipt | undefined>,
  ): Promise<CarriedOut> {
    note(recent);
    try {
      const receipt = await run();
      return { entries: receipt?.entries ?? 0, replicated: true, versions: receipt?.versions };
    } catch (error) {
      if (!(error instanceof UnreplicatedError)) throw error;
      note(unreplicated);
      retryAfter(0);
      return { entries: error.entries, replicated: false };
    }
  }

  function retryAfter(attempt: number): void {
    if (timer || isClosed) return;
    const afterMs = RETRY_AFTER_MS[Math.min(attempt, RETRY_AFTER_MS.length - 1)];
    timer = setTimeout(async () => {
      try {
        await unreplicated.deliver(store);
        timer = undefined;
      } catch {
        timer = undefined;
        retryAfter(attempt + 1);
      }
    }, afterMs);
    timer.unref();
  }

  return {
    evict: (tags) =>
      carryOut(
        (list) => list.addTags(tags),
        () => store.evict(tags),
      ),
    delete: (key) =>
      carryOut(
        (list) => list.addKey(key),
        () => store.delete(key).then(() => undefined),
      ),
    clear: () =>
      carryOut(
        (list) => list.addEverything(),
        () => store.clear().then(() => undefined),
      ),
    get unreplicated() {
      return unreplicated.size;
    },
    passOn(lostAtMs, to) {
      recent.passOn(lostAtMs, to);
      unreplicated.passOn(to);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
