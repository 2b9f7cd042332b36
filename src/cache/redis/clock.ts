import type { Connection } from "./connection.js";

/** The server's clock as this process knows it: a monotonic clock here, set by the server's TIME now and then. */
export interface ServerClock {
  now(): number;
  /** Asks for the time, a few times. Right within half of the shortest round trip. */
  set(): Promise<void>;
  close(): void;
}

interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

const SET_EVERY_MS = 30_000;
const SAMPLES = 3;

export function createServerClock(connection: Connection): ServerClock {
  let offsetMs = performance.timeOrigin;

  async function set(): Promise<void> {
    let best: Sample | undefined;
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const next = await ask();
      if (!best || next.roundTripMs < best.roundTripMs) best = next;
    }
    if (best) offsetMs = best.offsetMs;
  }

  async function ask(): Promise<Sample> {
    const askedAt = performance.now();
    const reply = await connection.send("time");
    const answeredAt = performance.now();
    const [seconds, microseconds] = (reply as unknown[]).map(Number) as [number, number];
    const serverMs = seconds * 1000 + microseconds / 1000;
    return {
      offsetMs: serverMs - (askedAt + answeredAt) / 2,
      roundTripMs: answeredAt - askedAt,
    };
  }

  const timer = setInterval(() => {
    // Out of reach: the old offset serves on.
    set().catch(() => {});
  }, SET_EVERY_MS);
  timer.unref();

  return { now: () => performance.now() + offsetMs, set, close: () => clearInterval(timer) };
}
