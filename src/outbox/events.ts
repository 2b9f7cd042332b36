import type { OutboxError, UndeliveredError } from "./errors.js";

/** Everything the relay tells the outside, as one closed union. Of a lasting failure only its first attempt is told. */
export type OutboxEvent =
  /** Rows were delivered, and are gone. `tags` without repetitions. */
  | { type: "delivered"; rows: number; tags: readonly string[] }
  /** The cache's store is out of reach: this process is bound by the rows, and they are kept. */
  | { type: "undelivered"; error: UndeliveredError }
  /** The database failed, the channel was lost, or a row could not be read. */
  | { type: "error"; error: OutboxError }
  /** Deliveries go on, after "undelivered" or "error". */
  | { type: "recovery" };
