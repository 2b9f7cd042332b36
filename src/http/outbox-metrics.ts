import { Gauge, type Registry } from "prom-client";
import { registerNumbers } from "./register-numbers.js";

/** What the metrics read of the outbox; a `PostgresOutbox` fits. */
export interface OutboxNumbers {
  stats(): Readonly<Record<OutboxNumber, number>>;
  health(): Promise<{ pending: number | null; oldestSeconds: number | null }>;
}

const OUTBOX_NUMBERS = {
  delivered: "Recorded evictions delivered by this process",
  undelivered: "Attempts to deliver recorded evictions at which Redis was out of reach",
  errors: "Failures of the outbox",
} as const;
type OutboxNumber = keyof typeof OUTBOX_NUMBERS;

export function registerOutbox(registry: Registry, outbox: OutboxNumbers): void {
  registerNumbers(registry, "outbox", OUTBOX_NUMBERS, () => outbox.stats());
  const gauge = (name: string, help: string, read: () => Promise<number | null>) =>
    new Gauge({
      name: `outbox_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set((await read()) ?? Number.NaN);
      },
    });
  gauge(
    "pending",
    "Evictions recorded in the database and not delivered yet; NaN when it does not say",
    async () => (await outbox.health()).pending,
  );
  gauge("oldest_seconds", "Age of the oldest of them; NaN when there is none", async () => {
    return (await outbox.health()).oldestSeconds;
  });
}
