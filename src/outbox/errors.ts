import { CachedError } from "../cache/errors.js";

/** Base of what the outbox throws or reports beside InvalidOptionError. */
export abstract class OutboxError extends CachedError {}

/** The database did not answer in time, or refused a statement. The cause is the client's error. */
export class OutboxDatabaseError extends OutboxError {
  readonly code = "E_OUTBOX_DATABASE";
}

/** The cache's store is out of reach, so recorded evictions are kept. They bind this process already. */
export class UndeliveredError extends OutboxError {
  readonly code = "E_OUTBOX_UNDELIVERED";
}

/** A row holds no tags that this version could read: another wrote it. Everything is evicted in its place. */
export class UnreadableRowError extends OutboxError {
  readonly code = "E_OUTBOX_UNREADABLE_ROW";
}

/** The outbox was closed; the call was refused. */
export class OutboxClosedError extends OutboxError {
  readonly code = "E_OUTBOX_CLOSED";
}
