import { type BreakerState, createBreaker } from "./breaker.js";
import { StoreUnavailableError } from "./errors.js";
import { isCoveredBy, type Position } from "./position.js";
import { randomEpoch } from "./random.js";
import type { Reporter } from "./reporter.js";
import type { Store } from "./store.js";
import type { Evicting, Undelivered } from "./undelivered.js";

/** Whether the store is out of reach, and the way back. */
export interface Outage {
  readonly isOn: boolean;
  readonly breaker: BreakerState;
  /** Why it is out of reach; undefined while it is not. */
  readonly cause: Error | undefined;
  /** Tells of a failed step; one that shows the store to be out of reach begins the outage. */
  notice(error: unknown): void;
  begin(error: StoreUnavailableError): void;
  /** What a caller is told where outages are to be thrown. */
  error(about: { key: string; coordinate?: string }): StoreUnavailableError;
  /** What an operation that begins during the outage is as old as: this process's own evictions, in their order. */
  position(): Position;
  /**
   * Whether this process evicted nothing since then, as far as it is known: nobody who reads now could tell what was
   * loaded then from what is loaded now.
   */
  isCurrent(since: Position): boolean;
  /** An eviction of this process that could not be delivered. */
  advance(): void;
  close(): void;
}

export interface OutageParts {
  readonly store: Pick<Store, "ping" | "knownPosition">;
  readonly evictions: Evicting;
  readonly undelivered: Undelivered;
  readonly reporter: Reporter;
  readonly breakerOpenMs: number;
  onBegin(error: StoreUnavailableError): void;
}

/**
 * While the breaker is open no command is tried but its trials. When the store answers one, what this process evicted
 * meanwhile is delivered first; only then is anything read from it again.
 */
export function createOutage(parts: OutageParts): Outage {
  const { store, evictions, undelivered, reporter } = parts;
  // Positions of an outage never compare with the store's: what is loaded under one is never stored.
  let local: Position = { epoch: randomEpoch(), n: 0 };
  let headAtBegin: Position | undefined;

  const breaker = createBreaker({
    openMs: parts.breakerOpenMs,
    async trial() {
      await store.ping();
      // Checked again without a pause before the outage ends: one more may have come while the last was delivered.
      while (undelivered.size > 0) await undelivered.deliver(evictions);
    },
    onOpen(error) {
      local = { epoch: randomEpoch(), n: 0 };
      headAtBegin = store.knownPosition();
      parts.onBegin(error as StoreUnavailableError);
      reporter.report({ type: "outage", error: error as StoreUnavailableError });
    },
    onClosed: () => reporter.report({ type: "recovery" }),
  });

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
    notice(error) {
      if (error instanceof StoreUnavailableError) breaker.open(error);
      else reporter.error(error);
    },
    begin: (error) => breaker.open(error),
    error: (about) =>
      new StoreUnavailableError("The store must be in reach, but is not.", {
        cause: breaker.cause,
        ...about,
      }),
    position: () => local,
    isCurrent(since) {
      if (isCoveredBy(local, since)) return true;
      return local.n === 0 && headAtBegin !== undefined && isCoveredBy(headAtBegin, since);
    },
    advance() {
      local = { ...local, n: local.n + 1 };
    },
    close: () => breaker.close(),
  };
}
