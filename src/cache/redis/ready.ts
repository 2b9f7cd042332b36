import { createDeferred, type Deferred } from "../deferred.js";
import type { RedisClient } from "./client.js";
import { within } from "./within.js";

/**
 * Tells when the client is ready, now or next, within a time limit; rejects when it ends. However long Redis is away,
 * nothing is left of who waited in vain: neither a listener, nor what hangs on a promise that all would share.
 */
export function readyOf(client: RedisClient): (limitMs: number) => Promise<void> {
  const waiting = new Set<Deferred<void>>();
  client.on("ready", () => {
    for (const { resolve } of waiting) resolve();
  });
  client.on("end", () => {
    for (const { reject } of waiting) reject(new Error("The connection was closed."));
  });

  return async (limitMs) => {
    if (client.status === "ready") return;
    const waiter = createDeferred();
    waiting.add(waiter);
    try {
      await within(limitMs, waiter.promise);
    } finally {
      waiting.delete(waiter);
    }
  };
}
