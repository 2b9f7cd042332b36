import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between Redis's clients and the server, and can swallow what subscribers are told, unnoticed by them. */
export interface MutingProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on subscribers hear nothing; other connections go on. */
  mute(): void;
  unmute(): void;
}

export async function startMutingProxy(serverPort: number): Promise<MutingProxy> {
  const sockets = new Set<Socket>();
  let isMute = false;
  const proxy = createServer((client) => {
    const server = connect(serverPort, "127.0.0.1");
    let isSubscriber = false;
    client.on("data", (data) => {
      isSubscriber ||= /subscribe/i.test(data.toString("latin1"));
      server.write(data);
    });
    server.on("data", (data) => {
      if (!(isMute && isSubscriber)) client.write(data);
    });
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
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    mute() {
      isMute = true;
    },
    unmute() {
      isMute = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
