import { type OutboxError, UndeliveredError } from "./errors.js";
import type { OutboxEvent } from "./events.js";
import type { OutboxStats } from "./types.js";

/** Counts, and tells the listener. Of a lasting failure it tells the beginning and the end. */
export interface OutboxReporter {
  delivered(rows: number, tags: readonly string[]): void;
  undelivered(rows: number): UndeliveredError;
  /** What kept a step from being done. */
  failed(error: OutboxError): void;
  /** A failure beside the deliveries: a lost channel, an unreadable row. */
  error(error: OutboxError): void;
  /** A step succeeded. */
  succeeded(): void;
  /** What goes wrong now. */
  readonly trouble: OutboxError | undefined;
  stats(): OutboxStats;
}

export function createOutboxReporter(onEvent?: (event: OutboxEvent) => void): OutboxReporter {
  const counts: OutboxStats = { delivered: 0, undelivered: 0, errors: 0 };
  let trouble: OutboxError | undefined;

  function tell(event: OutboxEvent): void {
    try {
      onEvent?.(event);
    } catch (error) {
      // A listener's fault is its owner's to see, and no reason to stop delivering.
      process.emitWarning(`A listener of the outbox's events threw: ${String(error)}`, {
        type: "GraphQLCachedWarning",
        code: "E_LISTENER",
      });
    }
  }

  /** True for the first of a row of failures of one kind. */
  function isNew(error: OutboxError): boolean {
    const before = trouble;
    trouble = error;
    return before?.code !== error.code;
  }

  return {
    get trouble() {
      return trouble;
    },
    delivered(rows, tags) {
      counts.delivered += rows;
      tell({ type: "delivered", rows, tags });
    },
    undelivered(rows) {
      counts.undelivered += 1;
      const error = new UndeliveredError(
        `${rows} recorded evictions must be delivered, but the cache's store is out of reach.`,
      );
      if (isNew(error)) tell({ type: "undelivered", error });
      return error;
    },
    failed(error) {
      counts.errors += 1;
      if (isNew(error)) tell({ type: "error", error });
    },
    error(error) {
      counts.errors += 1;
      tell({ type: "error", error });
    },
    succeeded() {
      if (trouble === undefined) return;
      trouble = undefined;
      tell({ type: "recovery" });
    },
    stats: () => ({ ...counts }),
  };
}
