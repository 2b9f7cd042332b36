/**
 * Base of every error the services throw on purpose. `code` is stable; the text says what must hold and what came
 * instead, in one line that may be shown to clients.
 */
export abstract class ServiceError extends Error {
  abstract readonly code: string;

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** A value from outside that cannot be used as given. Nothing was done. */
export class BadInputError extends ServiceError {
  readonly code = "E_BAD_INPUT";
}

/** The token opens no session, or no longer. */
export class NotSignedInError extends ServiceError {
  readonly code = "E_NOT_SIGNED_IN";

  constructor() {
    super("This needs a session, and the one asked for has ended.");
  }
}

/** Address and password do not belong to one account. Which of them is wrong is not told. */
export class WrongCredentialsError extends ServiceError {
  readonly code = "E_WRONG_CREDENTIALS";

  constructor() {
    super("There is no account with this email address and password.");
  }
}

/** Sessions are out of reach, and with them all that needs one. */
export class SessionUnavailableError extends ServiceError {
  readonly code = "E_SESSION_UNAVAILABLE";

  constructor(cause?: unknown) {
    super("Sessions are out of reach for the moment; try again soon.", cause);
  }
}

/** The kitchen's queue is out of reach. What has been ordered is not lost. */
export class KitchenUnavailableError extends ServiceError {
  readonly code = "E_KITCHEN_UNAVAILABLE";

  constructor(cause?: unknown) {
    super("The kitchen's queue is out of reach for the moment; try again soon.", cause);
  }
}

/** Too many attempts to sign in or up, by one account or from one address. */
export class TooManyAttemptsError extends ServiceError {
  readonly code = "E_TOO_MANY_ATTEMPTS";

  constructor(
    /** Whole seconds until attempts count anew. */
    readonly retryAfterSeconds: number,
  ) {
    super(`Too many attempts; try again in ${retryAfterSeconds} seconds.`);
  }
}

/** So much work of one kind waits already that more would only time out. */
export class ServerBusyError extends ServiceError {
  readonly code = "E_SERVER_BUSY";

  constructor() {
    super("The server is busy; try again soon.");
  }
}
