/** This process's puts that have not resolved yet, by key. */
export interface Puts {
  track<T>(key: string, put: Promise<T>): Promise<T>;
  /** Resolves when those that are under way by now have ended, one way or another. */
  ended(key: string): Promise<void>;
  /** The same for those of all keys. */
  allEnded(): Promise<void>;
}

export function createPuts(): Puts {
  const byKey = new Map<string, Set<Promise<unknown>>>();

  return {
    async track(key, put) {
      const puts = byKey.get(key) ?? new Set();
      byKey.set(key, puts.add(put));
      try {
        return await put;
      } finally {
        puts.delete(put);
        if (puts.size === 0) byKey.delete(key);
      }
    },
    async ended(key) {
      await Promise.allSettled(byKey.get(key) ?? []);
    },
    async allEnded() {
      await Promise.allSettled([...byKey.values()].flatMap((puts) => [...puts]));
    },
  };
}
