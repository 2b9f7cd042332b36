import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between clients and a server on this machine. What goes through it is the caller's to hand on. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Ends all connections. */
  cut(): void;
}

/**
 * @param serverPort asked for each client, where it changes
 * @param join told of each client and of the connection to the server that is its own; either ends with the other
 */
export async function startTcpProxy(
  serverPort: number | (() => number),
  join: (client: Socket, server: Socket) => void,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(typeof serverPort === "number" ? serverPort : serverPort(), "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    join(client, server);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
