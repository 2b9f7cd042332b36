import { quotedName } from "./sql-name.js";
import type { Listen } from "./types.js";

/** What `pgListen` needs of a client; a `Client` of `pg` fits. */
export interface ListeningClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  on(
    event: "notification",
    listener: (message?: { payload?: string | undefined }) => void,
  ): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  end(): Promise<void>;
}

/**
 * Listens on a client of its own, made anew whenever the last was lost: `pgListen(() => new pg.Client(url))`. A pool's
 * will not do, since it goes back to the pool.
 */
export function pgListen(createClient: () => ListeningClient): Listen {
  return async (channel, on) => {
    const client = createClient();
    let isOver = false;
    const lost = (error?: Error) => {
      if (isOver) return;
      isOver = true;
      on.lost(error);
      // Its socket may still be there.
      client.end().catch(() => {});
    };
    client.on("notification", (message) => on.notify(message?.payload));
    client.on("error", lost);
    client.on("end", () => lost());
    try {
      await client.connect();
      await client.query(`LISTEN ${quotedName(channel)}`);
    } catch (error) {
      isOver = true;
      client.end().catch(() => {});
      throw error;
    }
    return async () => {
      isOver = true;
      await client.end();
    };
  };
}
