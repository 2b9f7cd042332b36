import { CloseCode, type Server } from "graphql-ws";
import type { WebSocket } from "ws";

export interface SocketOptions {
  /** Then it is closed, and its client connects anew. */
  lifetimeMs: number;
  /** A client that does not answer a ping within this is gone. */
  pingMs: number;
  /** Told of a failure that is the server's own. */
  onProblem: (error: unknown) => void;
}

export const GOING_AWAY = 1001;

/** Speaks graphql-transport-ws over one socket, until it is closed. What a client does wrong is nobody's problem but its own. */
export function serveSocket<Extra>(
  server: Server<Extra>,
  socket: WebSocket,
  extra: Extra,
  { lifetimeMs, pingMs, onProblem }: SocketOptions,
): void {
  const end = () => socket.close(GOING_AWAY, "Connect anew");
  const lifetime = setTimeout(end, lifetimeMs).unref();
  let isAnswering = true;
  const pings = setInterval(() => {
    if (!isAnswering) return socket.terminate();
    isAnswering = false;
    socket.ping();
  }, pingMs).unref();
  socket.on("pong", () => {
    isAnswering = true;
  });
  // As a message that is too long; the socket closes itself.
  socket.on("error", () => {});

  const closed = server.opened(
    {
      protocol: socket.protocol,
      // Resolves when it is sent, so that who reads slowly is not sent more.
      send: (text) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(text, (error) => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (receive) =>
        socket.on("message", async (data) => {
          try {
            await receive(String(data));
          } catch (error) {
            if (socket.readyState === socket.OPEN) onProblem(error);
            socket.close(CloseCode.InternalServerError, "Internal server error");
          }
        }),
    },
    extra,
  );
  socket.once("close", (code, reason) => {
    clearTimeout(lifetime);
    clearInterval(pings);
    closed(code, String(reason)).catch(onProblem);
  });
}
