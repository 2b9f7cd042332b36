import { createAlarm } from "./alarm.js";
import { backoffMs } from "./backoff.js";
import { type Delivery, tagsOf } from "./delivery.js";
import type { OutboxError } from "./errors.js";
import type { OutboxReporter } from "./reporter.js";
import type { OutboxSettings } from "./settings.js";
import { sweep } from "./sweep.js";
import type { Table } from "./table.js";

export interface RelayParts {
  readonly settings: OutboxSettings;
  readonly table: Table;
  readonly delivery: Delivery;
  readonly reporter: OutboxReporter;
}

export interface Relay {
  /** Something may have been recorded. */
  wake(): void;
  /** Resolves after the batch that is being delivered. */
  close(): Promise<void>;
}

/** How a pass ended: "more" rows may be there, none are, or it "failed". */
type Pass = "more" | "idle" | "failed";

/**
 * What could not be delivered so often is handed over again ever more seldom. The cache may have carried it out, and for
 * want of replicas not count it as delivered: each time what was filled meanwhile is gone.
 */
const OFTEN = 5;
const SELDOM_MS = 30_000;
/** Rows remembered as handed to the cache while its store is away; past that they are handed over again. */
const REMEMBERED = 10_000;

export function startRelay({ settings, table, delivery, reporter }: RelayParts): Relay {
  const { cache, batchRows, pollMs } = settings;
  const woken = createAlarm();
  /** Apart from `woken`: whoever writes on during an outage must not keep us trying. */
  const recovered = createAlarm();
  const bound = new Set<string>();
  let undelivered = 0;
  let againAtMs = 0;
  let stopListening: (() => void) | undefined;
  let isOpen = true;
  const ended = run();

  async function run(): Promise<void> {
    for (let failures = 0; isOpen; ) {
      const pass = await deliverSome();
      failures = pass === "failed" ? failures + 1 : 0;
      listen(isOpen && pass === "failed");
      if (!isOpen || pass === "more") continue;
      if (pass === "idle") await woken.sleep(pollMs);
      else await recovered.sleep(backoffMs(failures - 1));
    }
    listen(false);
  }

  /** The cache tells when its store is back. Listening costs it something, so it lasts from a failure to its end. */
  function listen(isFailing: boolean): void {
    if (isFailing) stopListening ??= cache.onEvent(({ type }) => type === "recovery" && retry());
    else {
      stopListening?.();
      stopListening = undefined;
    }
  }

  function retry(): void {
    undelivered = 0;
    againAtMs = 0;
    recovered.ring();
  }

  async function deliverSome(): Promise<Pass> {
    try {
      if (performance.now() < againAtMs) {
        await bindToOthers([]);
        return "failed";
      }
      const rows = await table.claim();
      if (rows.length === 0) {
        reporter.succeeded();
        return "idle";
      }
      const ids = rows.map(({ id }) => id);
      if (!(await delivery.hand(rows))) {
        reporter.undelivered(rows.length);
        undelivered += 1;
        if (undelivered >= OFTEN) againAtMs = performance.now() + backoffMs(undelivered, SELDOM_MS);
        await table.release(ids);
        await bindToOthers(ids);
        return "failed";
      }
      bound.clear();
      undelivered = 0;
      await table.remove(ids);
      reporter.delivered(rows.length, tagsOf(rows));
      reporter.succeeded();
      return rows.length === batchRows ? "more" : "idle";
    } catch (error) {
      reporter.failed(error as OutboxError);
      return "failed";
    }
  }

  /**
   * The store is away, so the cache answers from the origin, and delivers what it was handed before it trusts the store
   * again. That should be every row there is, not only those that this relay happened to claim.
   */
  async function bindToOthers(handed: readonly string[]): Promise<void> {
    remember(handed);
    const last = await table.lastId();
    if (last === undefined) {
      againAtMs = 0;
      return;
    }
    await sweep(table, delivery, last, {
      wanted: ({ id }) => isOpen && !bound.has(id),
      isOver: () => !isOpen,
      undelivered: (rows) => remember(rows.map(({ id }) => id)),
      delivered: (rows) => reporter.delivered(rows.length, tagsOf(rows)),
    });
  }

  function remember(ids: readonly string[]): void {
    if (bound.size + ids.length > REMEMBERED) bound.clear();
    for (const id of ids) bound.add(id);
  }

  return {
    wake: () => woken.ring(),
    async close() {
      isOpen = false;
      woken.ring();
      recovered.ring();
      await ended;
    },
  };
}
