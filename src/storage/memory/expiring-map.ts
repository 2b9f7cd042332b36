import { LRUCache } from "lru-cache";

export interface ExpiringMapOptions {
  /** Beyond it the least recently used goes. */
  maxEntries: number;
  /** Milliseconds, as `Date.now` gives them. */
  now: () => number;
}

const sweepEveryMs = 60_000;

/** A bounded map whose entries end by themselves: seen at once by readers, and freed at the latest by a sweep a minute. */
export function createExpiringMap<T extends object>({ maxEntries, now }: ExpiringMapOptions) {
  const entries = new LRUCache<string, T>({
    max: maxEntries,
    perf: { now },
    ttl: 0,
    ttlResolution: 0,
  });
  let sweptAt = now();

  /** Redis counts an entry as gone at the very end of its life, the map a millisecond later. */
  function live(id: string): boolean {
    return entries.getRemainingTTL(id) > 0;
  }

  function sweep(): void {
    if (now() - sweptAt < sweepEveryMs) return;
    sweptAt = now();
    entries.purgeStale();
  }

  return {
    get: (id: string): T | undefined => (live(id) ? entries.get(id) : undefined),
    /** Without `ttlMs` the entry lives for ever. */
    set(id: string, value: T, ttlMs?: number): void {
      sweep();
      entries.set(id, value, { ttl: ttlMs ?? 0 });
    },
    /** Gives the entry a whole life of `ttlMs` again. */
    renew(id: string, ttlMs: number): void {
      const value = entries.peek(id);
      if (value !== undefined) entries.set(id, value, { ttl: ttlMs });
    },
    /** False where there was none. */
    delete(id: string): boolean {
      const existed = live(id);
      entries.delete(id);
      return existed;
    },
    /** Infinity for an entry that lives for ever, 0 for none. */
    remainingMs: (id: string): number => Math.max(0, entries.getRemainingTTL(id)),
    /** Those that live. Not a use of them. */
    *entries(): Generator<[id: string, value: T]> {
      for (const [id, value] of entries.entries()) if (live(id)) yield [id, value];
    },
    /** Entries held, those past their life and not yet swept included. */
    get size(): number {
      return entries.size;
    },
  };
}

export type ExpiringMap<T extends object> = ReturnType<typeof createExpiringMap<T>>;
