import { type BreakerState, createBreaker } from "./breaker.js";
import { NodeUnavailableError, StoreSlowError, StoreUnavailableError } from "./errors.js";
import { isCoveredBy, type Position } from "./position.js";
import { randomEpoch } from "./random.js";
import type { Reporter } from "./reporter.js";
import type { Store } from "./store.js";
import type { Evicting, EvictionList, Undelivered } from "./undelivered.js";
import type { Unreleased } from "./unreleased.js";

/** Whether the store is out of reach, and the way back. */
export interface Outage {
  readonly isOn: boolean;
  readonly breaker: BreakerState;
  /** Why it is out of reach; undefined while it is not. */
  readonly cause: Error | undefined;
  /** Tells of a failed step; one that shows the store to be out of reach begins the outage. */
  notice(error: unknown): void;
  /** The same for an eviction that was not delivered, whatever the reason; the loss of a single node of a cluster is none of the store. */
  begin(error: unknown): void;
  /** What a caller is told where outages are to be thrown. */
  error(about: { key?: string; coordinate?: string }): StoreUnavailableError;
  /** What an operation that begins during the outage is as old as: this process's own evictions, in their order. */
  position(): Position;
  /** The log's head as an operation is to keep it that begins now, with the store in reach. */
  aged(head: Position): Position;
  /** Whether an eviction of this process that concerns the key or one of the tags has not been delivered yet. */
  distrusts(key: string, tags: readonly string[]): boolean;
  /**
   * Whether this process evicted neither the key nor one of the tags since then, as far as it is known: what was
   * loaded then is as good as what is loaded now.
   */
  isCurrent(since: Position, key: string, tags: readonly string[]): boolean;
  /** Takes note of evictions of this process that could not be delivered. */
  readonly evicted: EvictionList;
  close(): void;
}

export interface OutageParts {
  readonly store: Pick<Store, "ping" | "knownPosition" | "onNode" | "lostNodes">;
  readonly evictions: Evicting;
  readonly undelivered: Undelivered;
  readonly unreleased: Pick<Unreleased, "deliver">;
  readonly reporter: Reporter;
  readonly breakerOpenMs: number;
  onBegin(error: StoreUnavailableError): void;
}

/** Past so many, all that is evicted in one outage counts as evicted last. */
const MOST_NAMES = 10_000;

/**
 * While the breaker is open no command is tried but its trials. When the store answers one, what this process evicted
 * meanwhile is delivered first; only then is anything read from it again.
 */
export function createOutage(parts: OutageParts): Outage {
  const { store, evictions, undelivered, unreleased, reporter } = parts;
  // Positions of an outage never compare with the store's: what is loaded under one is never stored.
  let local: Position = { epoch: randomEpoch(), n: 0 };
  let headAtBegin: Position | undefined;
  /** Where this outage's evictions stand in their order. */
  const evictedAt = new Map<string, number>();
  let allEvictedAt = 0;

  function advance(names: readonly string[]): void {
    local = { ...local, n: local.n + 1 };
    for (const name of names) evictedAt.set(name, local.n);
    if (evictedAt.size > MOST_NAMES) evictEverything();
  }

  function begin(cause: unknown): void {
    const error = asUnavailable(cause);
    // What it was too slow for may go through yet, or fail and be told of.
    if (error instanceof StoreSlowError) return;
    const isWhole = !(error instanceof NodeUnavailableError);
    // What lies on other nodes is in reach; but what waits for this one is told only when it comes back.
    if (isWhole || store.lostNodes?.().length === 0) breaker.open(error);
  }

  function notice(error: unknown): void {
    if (!(error instanceof StoreUnavailableError)) reporter.error(error);
    else if (!(error instanceof NodeUnavailableError)) begin(error);
  }

  function evictEverything(): void {
    allEvictedAt = local.n;
    evictedAt.clear();
  }

  const breaker = createBreaker({
    openMs: parts.breakerOpenMs,
    async trial() {
      await store.ping();
      await deliver();
    },
    onOpen(error) {
      local = { epoch: randomEpoch(), n: local.n };
      headAtBegin = store.knownPosition();
      parts.onBegin(error as StoreUnavailableError);
      reporter.report({ type: "outage", error: error as StoreUnavailableError });
    },
    onClosed() {
      reporter.report({ type: "recovery" });
      // One may have come after the last look, and before it closed.
      if (undelivered.size > 0) deliver().catch(begin);
    },
  });

  store.onNode?.(
    (error) => reporter.report({ type: "outage", error, node: error.node }),
    async (node) => {
      await deliver().catch(begin);
      reporter.report({ type: "recovery", node });
    },
  );

  /** What a lost node of a cluster is needed for stays; this process distrusts what that concerns. */
  async function deliver(): Promise<void> {
    try {
      await unreleased.deliver();
      // Checked again without a pause before the outage ends: one more may have come while the last was delivered.
      while (undelivered.size > 0) await undelivered.deliver(evictions);
    } catch (error) {
      if (!(error instanceof NodeUnavailableError)) throw error;
    }
  }

  return {
    get isOn() {
      return breaker.state !== "closed";
    },
    get breaker() {
      return breaker.state;
    },
    get cause() {
      return breaker.cause;
    },
    notice,
    begin,
    error: (about) =>
      new StoreUnavailableError("The store must be in reach, but is not.", {
        cause: breaker.cause,
        ...about,
      }),
    position: () => local,
    aged: (head) => (local.n > 0 ? { ...head, own: local.n } : head),
    distrusts: undelivered.covers,
    isCurrent(since, key, tags) {
      const isOfOutage = since.epoch === local.epoch;
      const head = breaker.state === "closed" ? store.knownPosition() : headAtBegin;
      if (!isOfOutage && !(head && isCoveredBy(head, since))) return false;
      const n = isOfOutage ? since.n : (since.own ?? 0);
      const isLater = (name: string) => (evictedAt.get(name) ?? 0) > n;
      return (
        allEvictedAt <= n && !isLater(`key:${key}`) && !tags.some((tag) => isLater(`tag:${tag}`))
      );
    },
    evicted: {
      addTags: (tags) => advance(tags.map((tag) => `tag:${tag}`)),
      addKey: (key) => advance([`key:${key}`]),
      addEverything() {
        advance([]);
        evictEverything();
      },
    },
    close: () => breaker.close(),
  };
}

function asUnavailable(cause: unknown): StoreUnavailableError {
  return cause instanceof StoreUnavailableError
    ? cause
    : new StoreUnavailableError("An eviction must be delivered, but the store refused it.", {
        cause,
      });
}
