/**
 * Base of every error the storage throws. `code` is stable across releases; the text is not.
 * The base itself (E_STORAGE) says that the server refused a command for a reason that will not pass by itself.
 */
export class StorageError extends Error {
  readonly code: string = "E_STORAGE";

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** The server is out of reach, did not answer in time, or refuses service for now. Whether a write was done is unknown. */
export class StorageUnavailableError extends StorageError {
  override readonly code = "E_STORAGE_UNAVAILABLE";
}

/** A name, id, ttl or value that cannot be stored as given. Nothing was written. */
export class InvalidStorageValueError extends StorageError {
  override readonly code = "E_STORAGE_INVALID_VALUE";
}

/** What is stored does not fit the schema: it was written by other code, or by another version of this. */
export class UnreadableRecordError extends StorageError {
  override readonly code = "E_STORAGE_UNREADABLE";
}

/** A field is not as a change's `onlyIf` wants it. Nothing was written. */
export class ChangedMeanwhileError extends StorageError {
  override readonly code = "E_STORAGE_CHANGED_MEANWHILE";

  constructor(readonly field: string) {
    super(`The field ${field} must be as the change expects it, but is not.`);
  }
}

/** Another record has the value of a field that is unique. Nothing was written. */
export class NotUniqueError extends StorageError {
  override readonly code = "E_STORAGE_NOT_UNIQUE";

  constructor(readonly field: string) {
    super(`The field ${field} must be unique, but another record has its value.`);
  }
}

/** A change would lift a count above `maxCount`, or bring more members than `maxMembers`. Nothing was written. */
export class CountLimitError extends StorageError {
  override readonly code = "E_STORAGE_COUNT_LIMIT";

  constructor(
    readonly reason: "maxCount" | "maxMembers",
    /** The field, or the member of a counts field, that would have gone over. */
    readonly member: string,
  ) {
    super(`The change would take ${JSON.stringify(member)} over its ${reason}.`);
  }
}
