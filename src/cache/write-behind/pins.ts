/** What stands in for the origin while a write is on its way there. */
export interface Pin {
  readonly queue: string;
  readonly sequence: number;
  readonly tags: readonly string[];
  readonly format: number;
  readonly value: Uint8Array;
}

/**
 * The newest pending write of each key, where every process finds it that is about to load the key: a load would bring
 * the old value home. So no eviction, expiry or lost entry brings back what the write replaces; an eviction of a pinned
 * key takes effect with the flush.
 */
export interface Pins {
  /** False where a newer write is pinned, or this one, or a newer one, is done with. */
  pin(key: string, pin: Pin): Promise<boolean>;
  /** Takes away the pin of this write, or of an older one. Those of one tick settle together. */
  unpin(key: string, sequence: number): Promise<Unpinned>;
  /**
   * Takes away the pin of this write, which was left behind, and remembers nothing of it: who takes up an older write
   * must not take this one to be done with. Those of one tick settle together.
   */
  forget(key: string, sequence: number): Promise<Unpinned>;
  /** Those asked for in one tick settle together. */
  pinned(key: string): Promise<Pin | undefined>;
  /**
   * Whether the write is on its queue's stream; always in process, where nothing loses the one and keeps the other.
   * Those asked in one tick settle together.
   */
  isPending(pin: Pin): Promise<boolean>;
}

export type Unpinned =
  /** It was this write's, so no other was pinned since. */
  | "own"
  /** A newer one's, which stays. */
  | "newer"
  /** It, or a newer one, was unpinned before. */
  | "done"
  /** An older one's, or there was none. */
  | "none";

/**
 * Where a pin was, it is remembered for so long that its write, or a newer one, is done with: a put that is overtaken
 * by the flush of its own write must not pin it any more.
 */
export const UNPINNED_KEPT_MS = 120_000;
/** What was put longer ago is not pinned, since its flush may be forgotten. Far less, for a process may be stopped. */
export const PINNED_WITHIN_MS = 20_000;
const FORGET_EVERY_MS = 1000;

export function createMemoryPins(): Pins {
  const pins = new Map<string, Pin>();
  /** The oldest first. */
  const unpinned = new Map<string, { sequence: number; atMs: number }>();
  let forgetAtMs = 0;

  /** Not at each call: a map is walked from its beginning, past the places of all that went since it was last rebuilt. */
  function clean(): void {
    const nowMs = performance.now();
    if (nowMs < forgetAtMs) return;
    forgetAtMs = nowMs + FORGET_EVERY_MS;
    for (const [key, one] of unpinned) {
      if (one.atMs > nowMs - UNPINNED_KEPT_MS) return;
      unpinned.delete(key);
    }
  }

  /** What a write finds at its key. */
  function at(key: string, sequence: number): Unpinned {
    const pinned = pins.get(key)?.sequence ?? 0;
    if (pinned >= sequence) return pinned > sequence ? "newer" : "own";
    return (unpinned.get(key)?.sequence ?? 0) >= sequence ? "done" : "none";
  }

  return {
    async pin(key, pin) {
      if ((pins.get(key)?.sequence ?? 0) > pin.sequence) return false;
      if ((unpinned.get(key)?.sequence ?? 0) >= pin.sequence) return false;
      unpinned.delete(key);
      pins.set(key, { ...pin, value: new Uint8Array(pin.value) });
      return true;
    },
    async unpin(key, sequence) {
      clean();
      const found = at(key, sequence);
      if (found === "newer" || (unpinned.get(key)?.sequence ?? 0) > sequence) return found;
      pins.delete(key);
      unpinned.delete(key);
      unpinned.set(key, { sequence, atMs: performance.now() });
      return found;
    },
    async forget(key, sequence) {
      const found = at(key, sequence);
      if (found === "own") pins.delete(key);
      return found;
    },
    pinned: async (key) => pins.get(key),
    isPending: async () => true,
  };
}
