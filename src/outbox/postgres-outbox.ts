import { createDelivery } from "./delivery.js";
import { drain } from "./drain.js";
import { OutboxClosedError } from "./errors.js";
import { keepListening, type Listening } from "./listening.js";
import { type Relay, type RelayParts, startRelay } from "./relay.js";
import { createOutboxReporter } from "./reporter.js";
import { milliseconds, resolveOutboxSettings } from "./settings.js";
import { channelOf, createTable, recordEvictions } from "./table.js";
import type { OutboxHealth, PostgresOutbox, PostgresOutboxOptions } from "./types.js";

/** Past that the oldest row should have been delivered by a relay somewhere. */
const LATE_SECONDS = 10;

/**
 * Evictions that are committed with the rows they belong to, so that none is lost with a process that dies in between.
 *
 * @throws InvalidOptionError for an option that cannot be used.
 */
export function createPostgresOutbox(options: PostgresOutboxOptions): PostgresOutbox {
  const settings = resolveOutboxSettings(options);
  const reporter = createOutboxReporter(settings.onEvent);
  const table = createTable(settings);
  const delivery = createDelivery(settings, {
    unreadable: reporter.error,
    failed: reporter.failed,
  });
  const parts: RelayParts = { settings, table, delivery, reporter };
  const closed = new AbortController();
  let relay: Relay | undefined;
  let listening: Listening | undefined;

  function checkOpen(): void {
    if (closed.signal.aborted) {
      throw new OutboxClosedError("The outbox must be open, but it was closed.");
    }
  }

  return {
    record: (client, tags) => recordEvictions(client, tags, settings),
    migrate: () => table.create(),

    start() {
      checkOpen();
      if (relay) return;
      const started = startRelay(parts);
      relay = started;
      if (settings.listen) {
        const on = { notify: () => started.wake(), problem: reporter.error };
        const channel = channelOf(settings.table);
        listening = keepListening(settings.listen, channel, on, settings.timeoutMs);
      }
    },

    async drain({ withinSeconds } = {}) {
      checkOpen();
      const withinMs =
        withinSeconds === undefined
          ? Number.POSITIVE_INFINITY
          : milliseconds("withinSeconds", withinSeconds);
      await drain(parts, { withinMs, closed: closed.signal });
    },

    stats: reporter.stats,

    async health(): Promise<OutboxHealth> {
      const problems = reporter.trouble ? [reporter.trouble.message] : [];
      try {
        const { pending, oldestSeconds } = await table.count();
        if (oldestSeconds !== null && oldestSeconds > LATE_SECONDS) {
          problems.push(
            `${pending} recorded evictions wait for delivery, the oldest for ${Math.round(oldestSeconds)} s.`,
          );
        }
        return { status: statusOf(problems), pending, oldestSeconds, problems };
      } catch (error) {
        problems.push((error as Error).message);
        return { status: statusOf(problems), pending: null, oldestSeconds: null, problems };
      }
    },

    async close() {
      closed.abort();
      await Promise.all([relay?.close(), listening?.close()]);
    },
  };
}

function statusOf(problems: readonly string[]): OutboxHealth["status"] {
  return problems.length === 0 ? "ok" : "degraded";
}
