import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

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
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(serverPort, "127.0.0.1");
    let isOpen = true;
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on("data", (data) => {
      // Timers of one length run in the order they were set in.
      setTimeout(() => {
        if (isOpen && !client.destroyed) server.write(data);
      }, delayMs);
    });
    server.on("data", (data) => client.write(data));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        isOpen = false;
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    cut,
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      cut();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
