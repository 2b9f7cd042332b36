import type { Socket } from "node:net";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

/** Stands between Redis's clients and the server as a network that carries only so much, either way. */
export interface NarrowProxy extends TcpProxy {
  /** Once so much more has passed nothing does, and no connection ends. */
  blockAfter(bytes: number): void;
}

const EVERY_MS = 20;

/** @param bytesPerMs what each direction of each connection carries */
export async function startNarrowProxy(
  serverPort: number,
  bytesPerMs: number,
): Promise<NarrowProxy> {
  let bytesLeft = Number.POSITIVE_INFINITY;

  function carry(from: Socket, to: Socket): void {
    const waiting: Buffer[] = [];
    let lastAt = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      let room = Math.min(bytesLeft, Math.floor((now - lastAt) * bytesPerMs));
      lastAt = now;
      while (room > 0) {
        const next = waiting.shift();
        if (!next) return;
        const passing = next.subarray(0, room);
        to.write(passing);
        room -= passing.length;
        bytesLeft -= passing.length;
        if (passing.length < next.length) waiting.unshift(next.subarray(passing.length));
      }
    }, EVERY_MS);
    from.on("data", (data) => {
      waiting.push(data);
    });
    from.on("close", () => clearInterval(timer));
  }

  const proxy = await startTcpProxy(serverPort, (client, server) => {
    carry(client, server);
    carry(server, client);
  });
  return {
    ...proxy,
    blockAfter(bytes) {
      bytesLeft = bytes;
    },
  };
}
