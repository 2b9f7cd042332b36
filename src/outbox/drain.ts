import { createAlarm } from "./alarm.js";
import { backoffMs } from "./backoff.js";
import { tagsOf } from "./delivery.js";
import { OutboxClosedError, type OutboxError } from "./errors.js";
import type { RelayParts } from "./relay.js";
import { sweep } from "./sweep.js";

/**
 * Delivers all that stood in the table at the call, in as many attempts as it takes or `withinMs` allow.
 * Rejects with what kept the last one from it.
 */
export async function drain(
  parts: RelayParts,
  { withinMs, closed }: { withinMs: number; closed: AbortSignal },
): Promise<void> {
  const { settings, table, delivery, reporter } = parts;
  const giveUpAt = performance.now() + withinMs;
  const alarm = createAlarm({ holdsProcess: true });
  const wake = () => alarm.ring();
  const stop = settings.cache.onEvent(({ type }) => {
    if (type === "recovery") wake();
  });
  closed.addEventListener("abort", wake);
  try {
    let last: string | undefined;
    for (let attempt = 0; ; attempt += 1) {
      if (closed.aborted) {
        throw new OutboxClosedError("The outbox must be open, but it was closed.");
      }
      let problem: OutboxError;
      try {
        last ??= await table.lastId();
        const left =
          last === undefined
            ? 0
            : await sweep(table, delivery, last, {
                isOver: () => closed.aborted,
                delivered: (rows) => reporter.delivered(rows.length, tagsOf(rows)),
              });
        if (closed.aborted) continue;
        if (left === 0) {
          reporter.succeeded();
          return;
        }
        problem = reporter.undelivered(left);
      } catch (error) {
        problem = error as OutboxError;
        reporter.failed(problem);
      }
      const restMs = backoffMs(attempt);
      if (performance.now() + restMs > giveUpAt) throw problem;
      await alarm.sleep(restMs);
    }
  } finally {
    stop();
    closed.removeEventListener("abort", wake);
  }
}
