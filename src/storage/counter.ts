/** Counters under ids of their own, each of which begins anew when its life is over: a fixed window. */
export interface Counter {
  /** By 1 if absent, and by a billion at the most. */
  increment(id: string, by?: number): Promise<CounterReading>;
  get(id: string): Promise<CounterReading>;
  /** False where there was none. */
  delete(id: string): Promise<boolean>;
}

export interface CounterReading {
  value: number;
  /** Seconds until it begins anew; 0 where nothing was counted. */
  remainingSeconds: number;
}

export interface CounterOptions {
  /** Seconds from a counter's first increment to its end. */
  ttlSeconds: number;
}
