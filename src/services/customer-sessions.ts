import type { Storage } from "../storage/index.js";

export interface CustomerSessionsOptions {
  storage: Storage;
  /** How long a session lives past its last use. */
  ttlSeconds: number;
  now: () => Date;
}

/** Writing the index on every use would double a session's writes, so it may trail by so much. */
const refreshSeconds = 600;
const pageSize = 500;

/**
 * Which sessions a customer has: a sorted set of their ids by the time they were last seen here.
 * It names every session whose token was told, and outlives the last of them by less than `refreshSeconds`.
 */
export function createCustomerSessions({ storage, ttlSeconds, now }: CustomerSessionsOptions) {
  const lifeSeconds = ttlSeconds + refreshSeconds;
  const of = (customerId: string) =>
    storage.sortedSet("customer-sessions", {
      id: customerId,
      ttlSeconds: lifeSeconds,
      sliding: true,
    });

  return {
    /** Whether a session last written at that time should be written again. */
    isDue: (indexedAt: Date): boolean =>
      now().getTime() - indexedAt.getTime() >= refreshSeconds * 1_000,
    async add(customerId: string, id: string): Promise<void> {
      const time = now().getTime();
      await of(customerId).set(new Map([[id, time]]));
      // Not seen for longer than a session lives unused: it is gone.
      await of(customerId).removeBelow(time - lifeSeconds * 1_000);
    },
    /** Ends each with `end`, and forgets it after. Answers for how many `end` was true. */
    async take(customerId: string, end: (id: string) => Promise<boolean>): Promise<number> {
      let ended = 0;
      for (;;) {
        const page = await of(customerId).top(pageSize);
        if (page.length === 0) return ended;
        const ids = page.map(({ member }) => member);
        const results = await Promise.all(ids.map(end));
        ended += results.filter(Boolean).length;
        await of(customerId).remove(ids);
      }
    },
  };
}
