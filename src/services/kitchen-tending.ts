import type { Kitchen } from "./kitchen.js";

export interface KitchenTending {
  /** Resolves when a round that runs has ended. */
  close(): Promise<void>;
}

export interface KitchenTendingOptions {
  kitchen: Pick<Kitchen, "tend">;
  /** Between the end of one round and the start of the next. Default 5,000. */
  everyMs?: number;
  /** Told of the first of several rounds that fail alike. */
  onProblem: (error: unknown) => void;
}

/**
 * Tends the kitchen, at once and every few seconds: gives back what stations let lie, and brings into the queue what a
 * process that died, or a Redis that was away, kept out of it. Each process does; none waits for another.
 */
export function startKitchenTending(options: KitchenTendingOptions): KitchenTending {
  const { kitchen, everyMs = 5_000, onProblem } = options;
  let isOpen = true;
  let timer: NodeJS.Timeout | undefined;
  let isFailing = false;
  let running = round();

  async function round(): Promise<void> {
    try {
      await kitchen.tend();
      isFailing = false;
    } catch (error) {
      if (!isFailing && isOpen) onProblem(error);
      isFailing = true;
    }
    if (!isOpen) return;
    timer = setTimeout(() => {
      running = round();
    }, everyMs).unref();
  }

  return {
    async close() {
      isOpen = false;
      clearTimeout(timer);
      await running;
    },
  };
}
