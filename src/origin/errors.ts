/**
 * Base of every error the origin throws on purpose.
 *
 * `code` is stable; the text says what must hold and what came instead, in one line that may be shown to clients.
 */
export abstract class OriginError extends Error {
  abstract readonly code: string;

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** DATABASE_URL is not one we can open. Its text never repeats the URL, which may hold a password. */
export class InvalidDatabaseUrlError extends OriginError {
  readonly code = "E_INVALID_DATABASE_URL";
}

/** The database server does not answer, or lets us not in. */
export class DatabaseUnavailableError extends OriginError {
  readonly code = "E_DATABASE_UNAVAILABLE";
}

/** All connections were in use for too long. Nothing was done. */
export class DatabaseBusyError extends OriginError {
  readonly code = "E_DATABASE_BUSY";

  constructor(cause?: unknown) {
    super("The server is busy; try again soon.", cause);
  }
}

/** Another process has the data folder open. */
export class DataFolderLockedError extends OriginError {
  readonly code = "E_DATA_FOLDER_LOCKED";
}

/** The data folder cannot be written to, or holds something else than a database. */
export class DataFolderUnusableError extends OriginError {
  readonly code = "E_DATA_FOLDER_UNUSABLE";

  constructor(folder: string, cause: unknown) {
    // The embedded database throws objects of its file system, which are no errors and have but a number.
    const reason =
      cause instanceof Error
        ? cause.message.split("\n", 1)[0]
        : "the embedded database cannot open it";
    super(
      `The data folder ${folder} must be a folder with a database, or a new one, but: ${reason}.`,
      cause,
    );
  }
}

/** A value from outside that cannot be used as given. */
export class InvalidInputError extends OriginError {
  readonly code: string = "E_INVALID_INPUT";
}

/** A page was asked for after something that is no cursor of ours. */
export class InvalidCursorError extends InvalidInputError {
  override readonly code = "E_INVALID_CURSOR";
}

/** An order without lines. */
export class EmptyOrderError extends InvalidInputError {
  override readonly code = "E_EMPTY_ORDER";
}

/** What was named does not exist. */
export class NotFoundError extends OriginError {
  readonly code = "E_NOT_FOUND";

  constructor(
    /** What was looked for, as "size" or "menu item". */
    readonly what: string,
    readonly id: string,
  ) {
    super(`No ${what} has the id ${JSON.stringify(id)}.`);
  }
}

/** An ordered item is not to be had today. */
export class ItemUnavailableError extends OriginError {
  readonly code = "E_ITEM_UNAVAILABLE";

  constructor(
    readonly itemId: string,
    readonly itemName: string,
  ) {
    super(`${itemName} is not available.`);
  }
}

/** The kitchen has too little of an ingredient for the whole order; nothing of it was taken. */
export class InsufficientStockError extends OriginError {
  readonly code = "E_INSUFFICIENT_STOCK";

  constructor(
    readonly ingredient: string,
    /** Units in stock. */
    readonly left: number,
    /** Units the order needs. */
    readonly needed: number,
  ) {
    super(`The order needs ${needed} of ${ingredient}, of which ${left} are left.`);
  }
}

/** A campaign of that id lives. */
export class CampaignExistsError extends OriginError {
  readonly code = "E_CAMPAIGN_EXISTS";

  constructor(readonly id: string) {
    super(`A campaign's id must be new, but ${JSON.stringify(id)} is in use.`);
  }
}

/** The kitchen has completed the order before. */
export class TicketCompletedError extends OriginError {
  readonly code = "E_TICKET_COMPLETED";

  constructor(readonly orderId: string) {
    super(`The ticket of order ${orderId} must be open, but it is completed.`);
  }
}

/** No station works at the order: it waits, or was given back when its station let the deadline pass. */
export class TicketNotClaimedError extends OriginError {
  readonly code = "E_TICKET_NOT_CLAIMED";

  constructor(readonly orderId: string) {
    super(`The ticket of order ${orderId} must be claimed by a station, but it waits for one.`);
  }
}

/** A customer or staff account with that address, in any case of letters, exists. */
export class EmailTakenError extends OriginError {
  readonly code = "E_EMAIL_TAKEN";

  constructor() {
    super("An account with this email address exists.");
  }
}

/** A folder that cannot be imported. Nothing of it was. */
export class ImportError extends OriginError {
  readonly code = "E_IMPORT";

  constructor(
    readonly file: string,
    /** The line, counted from 1, headers included; undefined when the file as a whole is meant. */
    readonly line: number | undefined,
    problem: string,
    cause?: unknown,
  ) {
    super(line === undefined ? `${file}: ${problem}` : `${file}:${line}: ${problem}`, cause);
  }
}

/** PostgreSQL's five-character code for why it refused a statement, where `error` is such a refusal. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : undefined;
}

/** Codes of PostgreSQL that this code tells apart. */
export const SqlState = {
  uniqueViolation: "23505",
} as const;
