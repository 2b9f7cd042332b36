import { Gauge, type Registry } from "prom-client";
import { inTime } from "./in-time.js";
import { registerNumbers } from "./register-numbers.js";

/** What the metrics read of the outbox; a `PostgresOutbox` fits. */
export interface OutboxNumbers {
  stats(): Readonly<Record<OutboxNumber, number>>;
  health(): Promise<OutboxReading>;
}

interface OutboxReading {
  pending: number | null;
  oldestSeconds: number | null;
}

const OUTBOX_NUMBERS = {
  delivered: "Recorded evictions delivered by this process",
  undelivered: "Attempts to deliver recorded evictions at which Redis was out of reach",
  errors: "Failures of the outbox",
} as const;
type OutboxNumber = keyof typeof OUTBOX_NUMBERS;

export function registerOutbox(registry: Registry, outbox: OutboxNumbers): void {
  registerNumbers(registry, "outbox", OUTBOX_NUMBERS, () => outbox.stats());
  let asking: Promise<OutboxReading | undefined> | undefined;
  /** Once for both, and for all who scrape meanwhile: a database that is silent is asked no more than it must be. */
  const read = () => {
    asking ??= outbox.health().finally(() => {
      asking = undefined;
    });
    return inTime(asking);
  };
  const gauge = (name: string, number: keyof OutboxReading, help: string) =>
    new Gauge({
      name: `outbox_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set((await read())?.[number] ?? Number.NaN);
      },
    });
  gauge(
    "pending",
    "pending",
    "Evictions recorded in the database and not delivered yet; NaN when it does not say",
  );
  gauge(
    "oldest_seconds",
    "oldestSeconds",
    "Age of the oldest of them; NaN when there is none, or the database does not say",
  );
}
