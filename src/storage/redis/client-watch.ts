import type { RedisClient } from "./redis-client.js";

/** What becomes of a client's connection. */
export interface ClientWatch {
  /** On `performance.now()`'s clock; undefined while nothing is known against the connection. */
  disconnectedSince: number | undefined;
  /** How often it has become ready. */
  timesReady: number;
  /** How to tell those who wait for it. */
  readonly waiting: Set<() => void>;
}

const watches = new WeakMap<RedisClient, ClientWatch>();

/** One for all storages of a client: they have no end, and listeners of each would pile up on a client that outlives them. */
export function watchClient(client: RedisClient): ClientWatch {
  const known = watches.get(client);
  if (known) return known;
  const watch: ClientWatch = { disconnectedSince: undefined, timesReady: 0, waiting: new Set() };
  watches.set(client, watch);
  client.on("close", () => {
    watch.disconnectedSince ??= performance.now();
  });
  client.on("ready", () => {
    watch.disconnectedSince = undefined;
    watch.timesReady += 1;
    for (const tell of watch.waiting) tell();
  });
  return watch;
}
