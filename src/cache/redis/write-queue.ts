import { StoreError, StoreUnavailableError } from "../errors.js";
import { randomId } from "../random.js";
import type { Delivery, WriteQueue } from "../write-behind/queue.js";
import { type AppendParts, createAppend } from "./append-write.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import { idleConsumers } from "./idle-consumers.js";
import type { Keys } from "./keys.js";
import {
  fieldsOf,
  fieldsOfBuried,
  type Message,
  numberOfId,
  readBuried,
  readDelivery,
} from "./queued-write.js";
import { accepted, isSlotOnTheMove } from "./reply-error.js";
import { scripts } from "./scripts.js";

const GROUP = "writers";
/** An empty stream keeps the last place for so long: no later write comes before it, should a clock be set back. */
const EMPTY_LIFE_MS = 10 * 60_000;
/** Of at most a batch each. */
const ADOPTIONS_AT_ONCE = 20;

export interface RedisQueueParts extends AppendParts {
  /** For the rest, which may take its time. */
  readonly bulk: Connection;
  readonly keys: Keys;
}

/**
 * A stream of pending writes with one consumer group, in which each process is a consumer of its own, and a stream of
 * those that were given up, both in one slot.
 */
export function createRedisQueue(parts: RedisQueueParts, name: string): WriteQueue {
  const { bulk, keys, clock } = parts;
  const [queue, aside] = [keys.queue(name), keys.buried(name)];
  const consumer = randomId();
  const append = createAppend(parts, { queue, aside, group: GROUP });
  let adoptFrom = "0-0";
  let hasLooked = false;

  /** A queue that nobody has put anything into has no stream, and one that lost its group is read from the beginning. */
  async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof StoreError) || !/NOGROUP/.test(error.message)) throw error;
      await bulk.send("xgroup", "create", queue, GROUP, "0").catch((refusal) => {
        if (refusal instanceof StoreUnavailableError) throw refusal;
      });
      return undefined;
    }
  }

  async function retire(stream: string, lifeMs: number): Promise<void> {
    await bulk.send(...evaluate(scripts.retireStream, [stream], lifeMs));
  }

  async function drop(consumers: readonly string[]): Promise<void> {
    await bulk.send(...evaluate(scripts.dropConsumers, [queue], GROUP, ...consumers));
  }

  /** Once in a process's life, which is as often as there are more of them. Nobody depends on it, or waits for it. */
  function dropIdle(): void {
    if (hasLooked) return;
    hasLooked = true;
    idleConsumers(bulk, queue, GROUP)
      .then(drop)
      .catch(() => {});
  }

  /** All replies, none of which may be an error. */
  async function sendAll(commands: readonly Command[]): Promise<unknown[]> {
    const replies = await bulk.sendAll(commands);
    return replies.map(accepted);
  }

  async function attemptsOf(messages: readonly Message[]): Promise<number[]> {
    const replies = await sendAll(
      messages.map(([id]): Command => ["xpending", queue, GROUP, id, id, 1]),
    );
    return replies.map((reply) => {
      const [pending] = reply as Array<[Buffer, Buffer, number, number]>;
      return Number(pending?.[3] ?? 1);
    });
  }

  return {
    isShared: true,

    async append(write, room, sequence) {
      const place = await append.send(fieldsOf(write, sequence), room);
      return place === undefined ? undefined : (sequence ?? Number(place));
    },

    async receive(count) {
      const reply = await unlessMissing(
        bulk.send("xreadgroup", "GROUP", GROUP, consumer, "COUNT", count, "STREAMS", queue, ">"),
      );
      const messages = (reply as [[Buffer, Message[]]] | null | undefined)?.[0]?.[1] ?? [];
      return messages.map((message) => readDelivery(message, 1));
    },

    async adopt(idleMs, count): Promise<Delivery[]> {
      const messages: Message[] = [];
      // One call looks at no more than ten times what it may give, and all of those may be in good hands.
      for (let calls = 0; calls < ADOPTIONS_AT_ONCE && messages.length < count; calls += 1) {
        const left = count - messages.length;
        const reply = await unlessMissing(
          bulk.send("xautoclaim", queue, GROUP, consumer, idleMs, adoptFrom, "COUNT", left),
        );
        if (!reply) break;
        const [next, some] = reply as [Buffer, Message[]];
        adoptFrom = String(next);
        messages.push(...some);
        if (adoptFrom === "0-0") break;
      }
      const attempts = await attemptsOf(messages);
      return messages.map((message, index) => readDelivery(message, attempts[index] as number));
    },

    async keep(deliveries) {
      const byAttempt = new Map<number, string[]>();
      for (const { id, attempt } of deliveries) {
        byAttempt.set(attempt, [...(byAttempt.get(attempt) ?? []), id]);
      }
      await unlessMissing(
        sendAll(
          [...byAttempt].map(([attempt, ids]): Command => {
            const how = ["RETRYCOUNT", attempt, "JUSTID"] as const;
            return ["xclaim", queue, GROUP, consumer, 0, ...ids, ...how];
          }),
        ),
      );
    },

    async settle(ids) {
      // Deleted first, since a cut may come in between: a message that was acknowledged only would stay on the stream
      // for ever, and one that was deleted only is dropped by the next adoption.
      const [, , left] = await sendAll([
        ["xdel", queue, ...ids],
        ["xack", queue, GROUP, ...ids],
        ["xlen", queue],
      ]);
      if (left !== 0) return;
      await retire(queue, EMPTY_LIFE_MS);
      dropIdle();
    },

    async bury(delivery, reason) {
      const fields = fieldsOfBuried(delivery, reason);
      const command = evaluate(scripts.buryWrite, [queue, aside], GROUP, delivery.id, ...fields);
      const isBuried = (await bulk.send(...command).catch(asDelay)) === 1;
      if (isBuried) append.notePutAside();
      await retire(queue, EMPTY_LIFE_MS);
      return isBuried;
    },

    async buried(count) {
      const messages = await bulk.send("xrange", aside, "-", "+", "COUNT", count);
      return (messages as Message[]).map(readBuried);
    },

    async buriedAt(id) {
      if (!ID.test(id)) return undefined;
      const [message] = (await bulk.send("xrange", aside, id, id)) as Message[];
      return message && readBuried(message);
    },

    async discard(id) {
      if (!ID.test(id)) return false;
      const removed = await bulk.send("xdel", aside, id);
      await retire(aside, 0);
      return removed === 1;
    },

    leave: () => drop([consumer]),

    async last() {
      const [message] = (await bulk.send("xrevrange", queue, "+", "-", "COUNT", 1)) as Message[];
      return message && String(message[0]);
    },

    async isPendingUpTo(id) {
      const messages = await bulk.send("xrange", queue, "-", id, "COUNT", 1);
      return (messages as Message[]).length > 0;
    },

    async size() {
      const [pending, buried, oldest] = await sendAll([
        ["xlen", queue],
        ["xlen", aside],
        ["xrange", queue, "-", "+", "COUNT", 1],
      ]);
      const [first] = oldest as Message[];
      return {
        pending: Number(pending),
        buried: Number(buried),
        oldestMs: first ? Math.max(0, clock.now() - numberOfId(String(first[0])) / 1000) : 0,
      };
    },
  };
}

/** Others are nobody's. */
const ID = /^\d{1,19}-\d{1,19}$/;

/** While a slot moves a script for two of its keys is refused, which is no outage: it is tried again after a while. */
function asDelay(cause: unknown): never {
  if (!isSlotOnTheMove(cause)) throw cause;
  throw new StoreError("A write must be put aside, but the slot of its queue is on the move.", {
    cause,
  });
}
