import { StoreUnavailableError } from "./errors.js";
import type { Position } from "./position.js";
import { randomEpoch } from "./random.js";
import type { Reporter } from "./reporter.js";
import type { Store } from "./store.js";
import type { Evicting, Undelivered } from "./undelivered.js";

/** Whether the store is out of reach, and the way back. */
export interface Outage {
  readonly isOn: boolean;
  /** Tells of a failed step; one that shows the store to be out of reach begins the outage. */
  notice(error: unknown): void;
  begin(error: StoreUnavailableError): void;
  /** What a caller is told where outages are to be thrown. */
  error(about: { key?: string; coordinate?: string }): StoreUnavailableError;
  /** What an operation that begins during the outage is as old as: this process's own evictions, in their order. */
  position(): Position;
  /** An eviction of this process that could not be delivered. */
  advance(): void;
  close(): void;
}

const PROBE_AFTER_MS = [25, 50, 100, 200] as const;

/**
 * From the first failed step on no command is tried but a probe every fifth of a second. When the store answers one,
 * what this process evicted meanwhile is delivered first; only then is anything read from it again.
 */
export function createOutage(
  store: Pick<Store, "ping">,
  evictions: Evicting,
  undelivered: Undelivered,
  reporter: Reporter,
  onBegin: () => void,
): Outage {
  let isOn = false;
  let isClosed = false;
  let cause: unknown;
  let probe: NodeJS.Timeout | undefined;
  // Positions of an outage never compare with the store's: what is loaded under one is never stored.
  let local: Position = { epoch: randomEpoch(), n: 0 };

  function schedule(attempt: number): void {
    const afterMs = PROBE_AFTER_MS[Math.min(attempt, PROBE_AFTER_MS.length - 1)];
    probe = setTimeout(async () => {
      try {
        await store.ping();
        // Checked again without a pause before the outage ends: one more may have come while the last was delivered.
        while (undelivered.size > 0) await undelivered.deliver(evictions);
      } catch {
        if (!isClosed) schedule(attempt + 1);
        return;
      }
      isOn = false;
      reporter.report({ type: "recovery" });
    }, afterMs);
    probe.unref();
  }

  function begin(error: StoreUnavailableError): void {
    if (isOn || isClosed) return;
    isOn = true;
    cause = error;
    local = { epoch: randomEpoch(), n: 0 };
    onBegin();
    reporter.report({ type: "outage", error });
    schedule(0);
  }

  return {
    get isOn() {
      return isOn;
    },
    notice(error) {
      if (error instanceof StoreUnavailableError) begin(error);
      else reporter.error(error);
    },
    begin,
    error: (about) =>
      new StoreUnavailableError("The store must be in reach, but is not.", { cause, ...about }),
    position: () => local,
    advance() {
      local = { ...local, n: local.n + 1 };
    },
    close() {
      isClosed = true;
      clearTimeout(probe);
    },
  };
}
