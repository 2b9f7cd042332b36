import { setTimeout as pause } from "node:timers/promises";
import type { Call } from "../call.js";
import { integer } from "../check-values.js";
import { CacheClosedError, StoreError, StoreSlowError } from "../errors.js";
import type { WriteParts } from "../held-write.js";
import type { LoadRunner } from "../load.js";
import { withinLimit } from "../time-limit.js";
import type { EntryOptions } from "../types.js";
import { forgetAll } from "./bury.js";
import { createFlush } from "./flush.js";
import { createInbox } from "./inbox.js";
import { full, type PutParts, put } from "./put.js";
import { createPuts } from "./puts.js";
import type { BuriedWrite } from "./queue.js";
import { resolveWriteBehindOptions } from "./settings.js";
import type { DeadLetter, WriteBehind, WriteBehindHealth, WriteBehindOptions } from "./types.js";
import { createWorker } from "./worker.js";

export interface WriteBehindParts extends WriteParts {
  readonly writes: LoadRunner;
  /** A caller's wish, checked. */
  open(key: string, options: EntryOptions, value: unknown): Call;
  readonly near?: PutParts["near"];
}

const POLL_MS = 25;

export function createWriteBehind<T>(
  given: WriteBehindParts,
  name: string,
  options: WriteBehindOptions<T>,
  onClose: () => void,
): WriteBehind<T> {
  const behind = resolveWriteBehindOptions(options);
  const { store, outage, codec, settings } = given;
  const queue = store.queue(name);
  const inbox = createInbox();
  const puts = createPuts();
  // What is decoded is what was put.
  const write = options.write as WriteBehindOptions<unknown>["write"];
  const parts = { ...given, name, queue, inbox, puts, behind, write };
  const flush = createFlush(parts);
  const worker = createWorker({ queue, inbox, flush, outage, behind, leaseMs: settings.leaseMs });
  let closing: Promise<void> | undefined;

  function checkOpen(): void {
    if (closing) throw new CacheClosedError(`The queue "${name}" must be open, but was closed.`);
  }

  /** A step that cannot be done without the store. */
  async function reachable<Result>(step: () => Promise<Result>): Promise<Result> {
    checkOpen();
    if (outage.isOn) throw outage.error({});
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      outage.notice(error);
      throw outage.error({});
    }
  }

  function letterOf({ id, sequence, attempts, reason, buriedAtMs, write }: BuriedWrite) {
    const { key, format, value: bytes } = write;
    const letter = { id, key, sequence, attempts, reason, failedAt: new Date(buriedAtMs) };
    try {
      return { ...letter, value: codec.decode({ format, bytes }) as T };
    } catch {
      return { ...letter, value: undefined };
    }
  }

  async function end(): Promise<void> {
    // What is on its stream, and no pin is set of, would leave readers with the old value.
    await puts.allEnded();
    await worker.close();
    if (!queue.isShared) await tryOnce();
    if (!outage.isOn) await leave();
    onClose();
  }

  /** One that cannot leave now is forgotten later, and its process is not to wait for a server that hangs. */
  async function leave(): Promise<void> {
    const late = () => new StoreSlowError(`The queue "${name}" must be left in time, but was not.`);
    await withinLimit(queue.leave(), settings.commandTimeoutMs, late).catch(() => {});
  }

  /** What ends with this process has one more chance. */
  async function tryOnce(): Promise<void> {
    for (const one of await queue.receive(behind.maxPending)) inbox.add(one);
    inbox.hurry();
    for (;;) {
      const works = inbox.take(performance.now(), behind.batchSize);
      if (works.length === 0) break;
      await flush(works);
    }
    const { pending } = await queue.size();
    if (pending === 0) return;
    await forgetAll(parts, [...inbox.all()]);
    inbox.clear();
    const text = `The queue "${name}" must be empty when its process ends, but ${pending} writes are lost.`;
    given.reporter.error(new StoreError(text));
  }

  return {
    name,

    async put(key, entryOptions, value) {
      checkOpen();
      const call = given.open(key, entryOptions, value);
      const receipt = await puts.track(key, put(parts, call, value));
      worker.nudge();
      return receipt;
    },

    async flush() {
      const last = await reachable(() => queue.last());
      if (last === undefined) return;
      // Once: what fails from here on waits for its next attempt as ever.
      worker.hurry();
      while (await reachable(() => queue.isPendingUpTo(last))) await pause(POLL_MS);
    },

    async deadLetters({ limit = 100 } = {}): Promise<DeadLetter<T>[]> {
      integer("limit", limit, 1);
      return (await reachable(() => queue.buried(limit))).map(letterOf);
    },

    async requeue(id) {
      return reachable(async () => {
        const letter = await queue.buriedAt(id);
        if (!letter) return false;
        // Put first: it may be there twice for a moment, but never not at all. It has its own room already.
        const room = behind.maxPending + 1;
        const taken = await queue.append(letter.write, room, letter.sequence);
        if (taken === undefined) throw full(parts, letter.write.key);
        await queue.discard(id);
        worker.nudge();
        return true;
      });
    },

    discard: (id) => reachable(() => queue.discard(id)),

    async health(): Promise<WriteBehindHealth> {
      const { pending, buried, oldestMs } = await reachable(() => queue.size());
      return { pending, deadLetters: buried, oldestSeconds: oldestMs / 1000 };
    },

    close() {
      closing ??= end();
      return closing;
    },
  };
}
