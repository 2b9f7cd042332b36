import type { Socket } from "node:net";
import { startTcpProxy } from "./tcp-proxy.js";

/** The network between the processes and Redis, and what can befall it. */
export interface Link extends AsyncDisposable {
  readonly port: number;
  /** What is sent that way arrives when it is let through again, as what TCP sends anew does. */
  hold(way: Way): void;
  /** The connections of this moment stay open, and nothing will ever come through them again. */
  loseSilently(): void;
  /** Everything takes so much longer to the server. */
  delay(ms: number): void;
  letThrough(): void;
  /** Ends all connections; the next ones lead to that server. */
  leadTo(serverPort: number): void;
}

export type Way = "to the server" | "to the client" | "both ways";

interface Lane {
  readonly from: Socket;
  readonly to: Socket;
  readonly way: Exclude<Way, "both ways">;
  held: Buffer[];
  isDead: boolean;
}

export async function startLink(firstPort: number): Promise<Link> {
  const lanes = new Set<Lane>();
  let serverPort = firstPort;
  let held: Way | undefined;
  let delayMs = 0;

  const isHeld = ({ way }: Lane) => held === "both ways" || held === way;

  function pass(lane: Lane, data: Buffer): void {
    if (lane.isDead) return;
    if (isHeld(lane)) lane.held.push(data);
    else if (!lane.to.destroyed) lane.to.write(data);
  }

  function open(from: Socket, to: Socket, way: Lane["way"]): void {
    const lane: Lane = { from, to, way, held: [], isDead: false };
    lanes.add(lane);
    from.on("close", () => lanes.delete(lane));
    from.on("data", (data) => {
      // Timers of one length run in the order they were set in.
      if (way === "to the server" && delayMs > 0) setTimeout(pass, delayMs, lane, data);
      else pass(lane, data);
    });
  }

  const proxy = await startTcpProxy(
    () => serverPort,
    (client, server) => {
      client.setNoDelay(true);
      server.setNoDelay(true);
      open(client, server, "to the server");
      open(server, client, "to the client");
    },
  );

  return {
    port: proxy.port,
    hold(way) {
      held = way;
    },
    loseSilently() {
      held = "both ways";
      for (const lane of lanes) lane.isDead = true;
    },
    delay(ms) {
      delayMs = ms;
    },
    letThrough() {
      held = undefined;
      delayMs = 0;
      for (const lane of lanes) for (const data of lane.held.splice(0)) pass(lane, data);
    },
    leadTo(port) {
      serverPort = port;
      proxy.cut();
    },
    [Symbol.asyncDispose]: proxy[Symbol.asyncDispose],
  };
}
