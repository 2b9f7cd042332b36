import { startTcpProxy } from "./tcp-proxy.js";

/** Stands between Redis's clients and the server, and can swallow what subscribers are told, unnoticed by them. */
export interface MutingProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on subscribers hear nothing; other connections go on. */
  mute(): void;
  unmute(): void;
}

export async function startMutingProxy(serverPort: number): Promise<MutingProxy> {
  let isMute = false;
  const proxy = await startTcpProxy(serverPort, (client, server) => {
    let isSubscriber = false;
    client.on("data", (data) => {
      isSubscriber ||= /subscribe/i.test(data.toString("latin1"));
      server.write(data);
    });
    server.on("data", (data) => {
      if (!(isMute && isSubscriber)) client.write(data);
    });
  });
  return {
    ...proxy,
    mute() {
      isMute = true;
    },
    unmute() {
      isMute = false;
    },
  };
}
