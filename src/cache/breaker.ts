/**
 * Closed: everything is let through. Open: nothing is. Half-open: one trial is under way, whose success closes the
 * breaker, and whose failure leaves it open for a while longer.
 */
export type BreakerState = "closed" | "open" | "half-open";

/** A circuit breaker (M. Nygard, Release It!, 2007) whose trials are its own, so that no caller waits for one. */
export interface Breaker {
  readonly state: BreakerState;
  /** Why it opened; undefined while it is closed. */
  readonly cause: Error | undefined;
  /** Opens it, unless it is open. */
  open(cause: Error): void;
  /** It does nothing from now on. */
  close(): void;
}

export interface BreakerParts {
  /** The longest pause between two trials. */
  readonly openMs: number;
  /** Resolves when all may be let through again. */
  trial(): Promise<void>;
  onOpen(cause: Error): void;
  onClosed(): void;
}

/** The first trial comes this soon: what stumbled is back at once, what is gone is asked ever more seldom. */
const FIRST_TRIAL_MS = 25;

/**
 * It opens at the first failure: what fails is a batch, of many callers, or one that has waited for its whole time
 * limit; the next would fail as well, and to find out that it would not takes 25 ms.
 */
export function createBreaker({ openMs, trial, onOpen, onClosed }: BreakerParts): Breaker {
  let state: BreakerState = "closed";
  let cause: Error | undefined;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;

  function tryAfter(pauseMs: number): void {
    timer = setTimeout(async () => {
      state = "half-open";
      try {
        await trial();
      } catch {
        state = "open";
        if (!isOver) tryAfter(Math.min(2 * pauseMs, openMs));
        return;
      }
      state = "closed";
      cause = undefined;
      if (!isOver) onClosed();
    }, pauseMs);
    timer.unref();
  }

  return {
    get state() {
      return state;
    },
    get cause() {
      return cause;
    },
    open(why) {
      if (state !== "closed" || isOver) return;
      state = "open";
      cause = why;
      onOpen(why);
      tryAfter(Math.min(FIRST_TRIAL_MS, openMs));
    },
    close() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
