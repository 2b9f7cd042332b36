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
  /** False where a newer write is pinned. */
  pin(key: string, pin: Pin): Promise<boolean>;
  /** Takes away the pin of this write, or of an older one. */
  unpin(key: string, sequence: number): Promise<Unpinned>;
  /** Those asked for in one tick settle together. */
  pinned(key: string): Promise<Pin | undefined>;
}

export type Unpinned =
  /** It was this write's, so no other was pinned since. */
  | "own"
  /** A newer one's, which stays. */
  | "newer"
  /** An older one's, or there was none. */
  | "none";

export function createMemoryPins(): Pins {
  const pins = new Map<string, Pin>();

  return {
    async pin(key, pin) {
      if ((pins.get(key)?.sequence ?? 0) > pin.sequence) return false;
      pins.set(key, { ...pin, value: new Uint8Array(pin.value) });
      return true;
    },
    async unpin(key, sequence) {
      const found = pins.get(key)?.sequence;
      if (found === undefined) return "none";
      if (found > sequence) return "newer";
      pins.delete(key);
      return found === sequence ? "own" : "none";
    },
    pinned: async (key) => pins.get(key),
  };
}
