import type { RedisClient } from "./client.js";

/**
 * Tells when the client is ready, now or next; rejects when it ends. One promise for all who wait, however long Redis is
 * away: a long outage must not gather listeners.
 */
export function readyOf(client: RedisClient): () => Promise<void> {
  let next: Promise<void> | undefined;
  return () => {
    if (client.status === "ready") return Promise.resolve();
    next ??= new Promise((resolve, reject) => {
      const onEnd = () => reject(new Error("The connection was closed."));
      client.once("end", onEnd);
      client.once("ready", () => {
        next = undefined;
        client.off("end", onEnd);
        resolve();
      });
    });
    // Who waits has a deadline of its own, and may be gone when the connection ends.
    next.catch(() => {});
    return next;
  };
}
