import { startTcpProxy } from "./tcp-proxy.js";

/** One trip to the server: what a client sent since it last heard from the server. */
export interface Trip {
  /** RESP as it was sent; pipelined commands stand in one trip. */
  readonly sent: string;
}

/** Stands between Redis's clients and the server, and counts round trips. */
export interface CountingProxy extends AsyncDisposable {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** Every trip since it was last emptied, by all clients; empty it with `trips.length = 0`. */
  readonly trips: Trip[];
}

/**
 * A long write comes in parts. All of it is passed on at once, or the server would answer the first part while the last
 * is still on its way, which looks like two trips.
 */
const PART_MS = 5;

export async function startCountingProxy(serverPort: number): Promise<CountingProxy> {
  const trips: Trip[] = [];
  const proxy = await startTcpProxy(serverPort, (client, server) => {
    let current: { sent: string } | undefined;
    let passingOn: NodeJS.Timeout | undefined;
    const parts: Buffer[] = [];
    client.on("data", (data) => {
      if (current === undefined) {
        current = { sent: "" };
        trips.push(current);
      }
      current.sent += data.toString("latin1");
      parts.push(data);
      clearTimeout(passingOn);
      passingOn = setTimeout(() => server.write(Buffer.concat(parts.splice(0))), PART_MS);
    });
    server.on("data", (data) => {
      current = undefined;
      client.write(data);
    });
  });
  return { ...proxy, url: `redis://127.0.0.1:${proxy.port}`, trips };
}
