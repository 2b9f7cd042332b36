import { type CachedErrorDetails, LoadQueueTimeoutError } from "./errors.js";

/** Bounds how many groups of loads run at once in this process. */
export interface LoadLimit {
  /**
   * Resolves when the load may begin; returns at once, without a promise, where there is room.
   *
   * @param about key and coordinate, for the error
   */
  enter(group: object, about?: CachedErrorDetails): undefined | Promise<void>;
  leave(group: object): void;
}

interface Group {
  running: number;
}

interface Waiting {
  group: object;
  admit: Array<() => void>;
  refuse: Array<(text: string) => void>;
  timer: NodeJS.Timeout;
}

/** First come, first served; whoever waited `queueMs` in vain gets a LoadQueueTimeoutError. */
export function createLoadLimit(maxConcurrentLoads: number, queueMs: number): LoadLimit {
  const groups = new Map<object, Group>();
  const queue = new Map<object, Waiting>();

  function begin(key: object): void {
    const group = groups.get(key);
    if (group) group.running += 1;
    else groups.set(key, { running: 1 });
  }

  function admitNext(): void {
    const next = queue.values().next().value;
    if (!next || groups.size >= maxConcurrentLoads) return;
    queue.delete(next.group);
    clearTimeout(next.timer);
    for (const admit of next.admit) {
      begin(next.group);
      admit();
    }
  }

  return {
    enter(key, about) {
      if (groups.has(key) || (groups.size < maxConcurrentLoads && queue.size === 0)) {
        begin(key);
        return undefined;
      }
      const waiting = queue.get(key) ?? enqueue(key);
      return new Promise((resolve, reject) => {
        waiting.admit.push(resolve);
        waiting.refuse.push((text) => reject(new LoadQueueTimeoutError(text, about)));
      });
    },
    leave(key) {
      const group = groups.get(key);
      if (!group) return;
      group.running -= 1;
      if (group.running > 0) return;
      groups.delete(key);
      admitNext();
    },
  };

  function enqueue(group: object): Waiting {
    const timer = setTimeout(() => {
      queue.delete(group);
      const text = `A load must find room among ${maxConcurrentLoads} concurrent loads within ${queueMs} ms, but all were busy.`;
      for (const refuse of waiting.refuse) refuse(text);
    }, queueMs);
    timer.unref();
    const waiting: Waiting = { group, admit: [], refuse: [], timer };
    queue.set(group, waiting);
    return waiting;
  }
}
