import { startTcpProxy } from "../../support/tcp-proxy.js";

/**
 * Stands between the server and Redis, and hands on what the server says `delayMs` late, so that there is a while
 * between a commit and its eviction.
 */
export interface SlowProxy extends AsyncDisposable {
  readonly url: string;
  /**
   * Ends all connections: what Redis has not heard by now it never hears. For the moment of a kill, since the system
   * closes a killed process's own connections only some time later.
   */
  cut(): void;
}

export async function startSlowProxy(serverPort: number, delayMs: number): Promise<SlowProxy> {
  const proxy = await startTcpProxy(serverPort, (client, server) => {
    let isOpen = true;
    client.setNoDelay(true);
    server.setNoDelay(true);
    for (const one of [client, server]) {
      one.on("close", () => {
        isOpen = false;
      });
    }
    client.on("data", (data) => {
      // Timers of one length run in the order they were set in.
      setTimeout(() => {
        if (isOpen && !client.destroyed) server.write(data);
      }, delayMs);
    });
    server.on("data", (data) => client.write(data));
  });
  return { ...proxy, url: `redis://127.0.0.1:${proxy.port}` };
}
