import type { Connection } from "./connection.js";

/** The server's clock as this process knows it: a monotonic clock here, set by the server's TIME now and then. */
export interface ServerClock {
  now(): number;
  /** Asks for the time, a few times. Right within half of the shortest round trip. */
  set(): Promise<void>;
  /** Undefined once it was set; until then it is asked for, once for all who want to know. Never rejects. */
  known(): Promise<void> | undefined;
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
  let isSet = false;
  let asking: Promise<void> | undefined;

  function take(sample: Sample): void {
    offsetMs = sample.offsetMs;
    isSet = true;
  }

  async function set(): Promise<void> {
    let best: Sample | undefined;
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const next = await ask();
      if (!best || next.roundTripMs < best.roundTripMs) best = next;
    }
    if (best) take(best);
  }

  function known(): Promise<void> | undefined {
    if (isSet) return undefined;
    asking ??= ask()
      .then((sample) => {
        if (!isSet) take(sample);
      })
      .catch(() => {})
      .finally(() => {
        asking = undefined;
      });
    return asking;
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

  const now = () => performance.now() + offsetMs;
  return { now, set, known, close: () => clearInterval(timer) };
}

/**
 * The connection for what is judged by the clock: an entry that is read before the clock was ever set, by a process
 * whose own is behind, would serve long past its ttl. The time is asked for in the same round trip.
 */
export function withClock(connection: Connection, clock: Pick<ServerClock, "known">): Connection {
  const timed: Pick<Connection, "sendAll"> = {
    sendAll(commands, usedMs) {
      const known = clock.known();
      const sending = connection.sendAll(commands, usedMs);
      return known ? sending.then((replies) => known.then(() => replies)) : sending;
    },
  };
  return Object.assign(Object.create(connection) as Connection, timed);
}
