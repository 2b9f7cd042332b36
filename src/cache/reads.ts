import { createAnswers } from "./answers.js";
import type { Call, FillParts } from "./call.js";
import type { NearCache } from "./near-cache.js";
import type { Reading } from "./store.js";
import { pendingPin } from "./write-behind/pending-pin.js";

export interface ReadParts extends FillParts {
  readonly near: NearCache | undefined;
}

/** Single reads of the store, which keep near what they find. */
export interface Reads {
  read(call: Call): Promise<Reading>;
  /** The entry's value if it is fresh and valid, else the pending write of the key, else undefined. */
  peek(key: string): Promise<unknown>;
  /** Keeps near what the store has of these keys. */
  warm(keys: readonly string[]): Promise<void>;
}

const NO_TAGS: readonly string[] = [];

export function createReads(parts: ReadParts): Reads {
  const { store, codec, outage, near } = parts;
  const answers = createAnswers(parts);

  function read({ key, entry }: Call): Promise<Reading> {
    if (!near || !entry.near) return store.read(key, entry.tags, entry.loadGroup);
    return readNear(near, key, entry.tags, entry.loadGroup);
  }

  async function readNear(
    near: NearCache,
    key: string,
    tags: readonly string[],
    group?: object,
  ): Promise<Reading> {
    const mark = near.beginRead();
    try {
      const reading = await store.read(key, tags, group);
      // An entry that is being refreshed is about to change.
      const { entry, valid } = reading;
      if (entry && valid && !outage.distrusts(key, entry.tags)) near.keep(key, entry, mark);
      return reading;
    } finally {
      near.endRead();
    }
  }

  async function peek(key: string): Promise<unknown> {
    const hit = near?.find(key, NO_TAGS);
    if (hit) return hit.value;
    if (outage.isOn) return undefined;
    try {
      const { entry, valid } = await store.read(key, NO_TAGS);
      const now = store.now();
      if (entry && valid && outage.distrusts(key, entry.tags)) return undefined;
      if (entry && valid && now < entry.birthMs + entry.ttlMs) {
        return answers.fromEntry(key, entry, now, "hit")?.value;
      }
      const pin = await pendingPin(parts, key);
      return pin && codec.decode({ format: pin.format, bytes: pin.value });
    } catch (error) {
      outage.notice(error);
      return undefined;
    }
  }

  return {
    read,
    peek,
    async warm(keys) {
      if (!near || outage.isOn) return;
      try {
        await Promise.all(keys.map((key) => readNear(near, key, NO_TAGS)));
      } catch (error) {
        outage.notice(error);
      }
    },
  };
}
