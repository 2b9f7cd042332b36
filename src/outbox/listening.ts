import { backoffMs } from "./backoff.js";
import { OutboxDatabaseError } from "./errors.js";
import type { Listen } from "./types.js";
import { within } from "./within.js";

export interface Listening {
  close(): Promise<void>;
}

/** Keeps listening to `channel` through lost connections. A lost notification costs no more than the next poll. */
export function keepListening(
  listen: Listen,
  channel: string,
  on: { notify(): void; problem(error: OutboxDatabaseError): void },
  timeoutMs: number,
): Listening {
  let isOpen = true;
  let attempt = 0;
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => Promise<void>) | undefined;
  let opening = open();

  async function open(): Promise<void> {
    let isLost = false;
    const lost = (error?: unknown) => {
      if (isLost) return;
      isLost = true;
      stop = undefined;
      if (isOpen) retry(error);
    };
    try {
      const stopThis = await listen(channel, { notify: on.notify, lost });
      if (!isOpen) return await stopThis();
      if (isLost) return;
      stop = stopThis;
      attempt = 0;
      // What was recorded before we listened told nobody.
      on.notify();
    } catch (error) {
      lost(error);
    }
  }

  function retry(cause: unknown): void {
    if (attempt === 0) {
      const reason = cause instanceof Error ? cause.message : "the connection was lost";
      on.problem(
        new OutboxDatabaseError(
          `The relay must hear of recorded evictions, but: ${reason}. It polls until it does.`,
          { cause },
        ),
      );
    }
    timer = setTimeout(() => {
      opening = open();
    }, backoffMs(attempt));
    timer.unref();
    attempt += 1;
  }

  return {
    async close() {
      isOpen = false;
      clearTimeout(timer);
      // A server that cannot be told from a slow one may never answer: what comes of it later ends itself.
      await within(opening, timeoutMs, "Listening").catch(() => {});
      if (stop) await within(stop(), timeoutMs, "Its end").catch(() => {});
    },
  };
}
