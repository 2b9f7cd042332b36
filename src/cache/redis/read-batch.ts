import type { Reading } from "../store.js";
import { createTickCalls, type TickCall } from "../tick-batch.js";
import type { Connection } from "./connection.js";
import { halvesOf } from "./halves.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import type { SeenReading } from "./seen-reading.js";
import { SharedLook } from "./shared-look.js";

class Wanted {
  readonly key: string;
  readonly tags: readonly string[];
  readonly group: object | undefined;

  constructor(key: string, tags: readonly string[], group: object | undefined) {
    this.key = key;
    this.tags = tags;
    this.group = group;
  }
}

/** What one caller is to be told, and how. */
class Seen {
  readonly call: TickCall<Wanted, Reading>;
  readonly reading: SeenReading;

  constructor(call: TickCall<Wanted, Reading>, look: SharedLook) {
    this.call = call;
    this.reading = look.askFor(call.asked.key, call.asked.tags);
  }

  get group(): object | undefined {
    return this.call.asked.group;
  }
}

export type ReadStep = (key: string, tags: readonly string[], group?: object) => Promise<Reading>;

/** For fewer, a batch of their own costs more than it gains. */
const WORTH_HALVING = 8;

/** An entry that ends so soon may have ended when its caller comes to look at it. */
const SOON_MS = 10;

/**
 * All reads of one tick share a round trip; tags known only from the entries cost one more. Hits that need no second one
 * settle after the first, one group's together; all others, expired entries among them, settle together, so that their
 * loads begin in one tick.
 */
export function createReadBatch(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  serverNow: () => number,
): ReadStep {
  let underWay = 0;

  const read = createTickCalls<Wanted, Reading>(async (calls) => {
    underWay += 1;
    try {
      await answer(calls);
    } finally {
      underWay -= 1;
    }
  });

  async function answer(calls: ReadonlyArray<TickCall<Wanted, Reading>>): Promise<void> {
    const look = new SharedLook(connection, keys, log, serverNow);
    const seen = calls.map((call) => new Seen(call, look));
    await look.run();
    if (look.hasFailed) {
      // Of a cluster, a node is lost; who needs nothing of it is told all the same.
      if (look.isOpen) await look.run();
      return settleOrFail(seen);
    }
    if (!look.isOpen) return handOut(seen);
    settle(seen.filter(hitsOfNow()));
    await look.run();
    // Who was told is not told otherwise.
    if (look.hasFailed) settleOrFail(seen);
    else settle(seen);
  }

  /**
   * Callers that ask again as soon as they are answered would all be answered by one reply, ask anew in one command,
   * and so take turns with the server: they wait while it works, and it waits while they do. Where nothing else is
   * under way, the first half of the hits therefore goes on, and sends what it asks for, before the others are told.
   */
  function handOut(seen: readonly Seen[]): void {
    if (underWay > 1 || seen.length < WORTH_HALVING) {
      settle(seen);
      return;
    }
    const [first, second] = halvesOf(seen);
    const early = first.filter(hitsOfNow());
    settle(early);
    const late = early.length < first.length ? without(early, seen) : second;
    if (late.length > 0) setImmediate(settle, late);
  }

  /** For one batch, which so costs one look at the clock. */
  function hitsOfNow(): (one: Seen) => boolean {
    const soonMs = serverNow() + SOON_MS;
    return ({ reading }) => reading.answersAt(soonMs);
  }

  return (key, tags, group) => read(new Wanted(key, tags, group));
}

function settleOrFail(seen: readonly Seen[]): void {
  for (const { call, reading } of seen) {
    const { failure } = reading;
    if (failure) call.reject(failure);
    else call.resolve(reading);
  }
}

function without(some: readonly Seen[], seen: readonly Seen[]): Seen[] {
  const gone = new Set(some);
  return seen.filter((one) => !gone.has(one));
}

function settle(seen: readonly Seen[]): void {
  for (const { call, reading } of seen) call.resolve(reading);
}
