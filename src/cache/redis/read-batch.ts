import { isPast } from "../position.js";
import { nextSequence } from "../sequence.js";
import type { Nonce, Reading, SeenLease } from "../store.js";
import { createTickBatch } from "../tick-batch.js";
import type { Connection } from "./connection.js";
import { Fetched } from "./fetched.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import type { Head } from "./record.js";
import type { TagVersion } from "./tag-version.js";

interface Wanted {
  readonly key: string;
  readonly tags: readonly string[];
  resolve(reading: Reading): void;
  reject(error: unknown): void;
}

export type ReadStep = (key: string, tags: readonly string[]) => Promise<Reading>;

/**
 * All reads of one tick share a round trip; tags known only from the entries cost one more. What needs no second one
 * and is a hit settles after the first; all others settle together, so that their loads begin in one tick.
 */
export function createReadBatch(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  serverNow: () => number,
): ReadStep {
  const enqueue = createTickBatch<Wanted>((items) => {
    flush(items).catch((error) => {
      for (const { reject } of items) reject(error);
    });
  });

  async function flush(items: Wanted[]): Promise<void> {
    const sequence = nextSequence();
    const fetched = new Fetched(connection, keys);
    for (const { key, tags } of items) {
      fetched.askForRecord(key);
      for (const tag of tags) fetched.askForVersion(tag);
    }
    await fetched.fetch();
    for (const { key } of items) {
      for (const tag of fetched.record(key)?.entry?.tags ?? []) fetched.askForVersion(tag);
    }
    let open = items;
    if (fetched.hasQuestions) {
      open = items.filter((item) => !settleHit(item));
      await fetched.fetch();
    }
    for (const item of open) item.resolve(readingOf(item));

    function settleHit(item: Wanted): boolean {
      const entry = fetched.record(item.key)?.entry;
      if (!entry?.tags.every((tag) => fetched.knowsVersion(tag))) return false;
      const reading = readingOf(item);
      if (reading.valid) item.resolve(reading);
      return reading.valid;
    }

    function readingOf({ key, tags }: Wanted): Reading {
      const record = fetched.record(key);
      const versions = new Map<string, Nonce>();
      for (const tag of tags) {
        const version = fetched.version(tag);
        if (!version) continue;
        versions.set(tag, version.nonce);
        log.hearVersion(version);
      }
      const base = { sequence, versions, valid: false, pass: false };
      if (!record) return { ...base, token: "" };
      const { head, entry } = record;
      const held = heldUntil(head, tags);
      return {
        ...base,
        token: head.token,
        valid:
          entry?.tags.every((tag, i) => fetched.version(tag)?.nonce === entry.nonces[i]) ?? false,
        pass: head.state === "pass" && held !== undefined && !held.doomed,
        ...(entry && { entry }),
        ...(head.state === "leased" && held && { lease: held }),
      };
    }

    /** Who holds the key, if it still holds; doomed when a tag was evicted after that, or lost. */
    function heldUntil(head: Head, tags: readonly string[]): SeenLease | undefined {
      if (head.state === "rest") return undefined;
      const remainingMs = head.deadlineMs - serverNow();
      if (remainingMs <= 0) return undefined;
      const doomed = tags.some((tag) => hasMoved(fetched.version(tag), head));
      return { token: head.token, remainingMs, doomed };
    }
  }

  return (key, tags) =>
    new Promise((resolve, reject) => {
      enqueue({ key, tags, resolve, reject });
    });
}

function hasMoved(version: TagVersion | undefined, head: Head): boolean {
  if (!version) return true;
  return (
    version.kind === "evicted" &&
    version.position !== undefined &&
    isPast(version.position, head.position)
  );
}
