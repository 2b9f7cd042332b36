import type { NearCache } from "./near-cache.js";
import type { Position } from "./position.js";
import type { Store } from "./store.js";

/** Keeps a near cache coherent with the store by what the store's stream of changes tells. */
export interface NearStream {
  /**
   * Where the eviction log stood when everything evicted until then was taken from the near cache: what is handed out
   * from now on is no older. undefined before the first word of the stream.
   */
  readonly told: Position | undefined;
  readonly isOpen: boolean;
  close(): void;
}

/** So often within `maxAgeMs` it is made sure that no push was lost. */
const CONFIRMATIONS = 5;
const SHORTEST_PAUSE_MS = 50;

export function openNearStream(store: Store, near: NearCache, maxAgeMs: number): NearStream {
  const stream = store.listen?.({
    onTag: (tag) => near.evict([tag]),
    onKey: (key) => near.delete(key),
    onAll: () => near.clear(),
    onGap() {
      // What was told meanwhile was not heard. Until the stream is open again, what is there serves to its age's end.
      near.isOpen = false;
    },
    onOpen() {
      near.clear();
      near.isOpen = true;
      near.confirm(performance.now());
    },
  });

  const pauseMs = Math.max(SHORTEST_PAUSE_MS, Math.min(1000, maxAgeMs / CONFIRMATIONS));
  let isAsking = false;
  const timer = setInterval(async () => {
    if (isAsking || !stream) return;
    isAsking = true;
    const askedAt = performance.now();
    try {
      if (await stream.isComplete()) near.confirm(askedAt);
    } catch {
      // Out of reach: what is there serves to its age's end.
    } finally {
      isAsking = false;
    }
  }, pauseMs);
  timer.unref();

  return {
    get told() {
      return stream?.told;
    },
    get isOpen() {
      return near.isOpen;
    },
    close() {
      clearInterval(timer);
      near.isOpen = false;
      near.clear();
    },
  };
}
