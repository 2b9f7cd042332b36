import type { Connection } from "./connection.js";

/** The server's clock as this process knows it: a monotonic clock here, set by the server's TIME now and then. */
export interface ServerClock {
  now(): number;
  /** Asks for the time. Right within half a round trip. */
  set(): Promise<void>;
  close(): void;
}

const SET_EVERY_MS = 30_000;

export function createServerClock(connection: Connection): ServerClock {
  let offsetMs = performance.timeOrigin;

  async function set(): Promise<void> {
    const askedAt = performance.now();
    const reply = await connection.send("time");
    const answeredAt = performance.now();
    const [seconds, microseconds] = (reply as unknown[]).map(Number) as [number, number];
    offsetMs = seconds * 1000 + microseconds / 1000 - (askedAt + answeredAt) / 2;
  }

  const timer = setInterval(() => {
    // Out of reach: the old offset serves on.
    set().catch(() => {});
  }, SET_EVERY_MS);
  timer.unref();

  return { now: () => performance.now() + offsetMs, set, close: () => clearInterval(timer) };
}
