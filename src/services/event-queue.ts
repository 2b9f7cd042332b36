/** Events for one reader, who reads them one by one. */
export interface EventQueue<T> extends AsyncIterableIterator<T> {
  push(event: T): void;
  /** Ends it: who reads on is told the error, once what waits is read. */
  fail(error: Error): void;
  /** Ends it at once, whether somebody waits or not. */
  return(): Promise<IteratorResult<T>>;
}

export interface EventQueueOptions {
  /** Beyond it the reader is too slow. */
  maxWaiting: number;
  /** The error that a reader who is too slow is told. */
  tooSlow: () => Error;
  /** Called once, at the end. */
  onEnd: () => void;
}

/** An iterator by hand: an async generator that waits for an event cannot be ended. */
export function createEventQueue<T>(options: EventQueueOptions): EventQueue<T> {
  const { maxWaiting, tooSlow, onEnd } = options;
  const waiting: T[] = [];
  const done: IteratorResult<T> = { done: true, value: undefined };
  let reader: { resolve(result: IteratorResult<T>): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  let isOver = false;

  function end(error?: Error): void {
    if (isOver) return;
    isOver = true;
    onEnd();
    if (error === undefined) {
      waiting.length = 0;
      reader?.resolve(done);
    } else if (reader) reader.reject(error);
    else failure = error;
    reader = undefined;
  }

  return {
    push(event) {
      if (isOver) return;
      if (reader) {
        reader.resolve({ done: false, value: event });
        reader = undefined;
      } else if (waiting.length < maxWaiting) waiting.push(event);
      else end(tooSlow());
    },
    fail: end,
    async next() {
      const event = waiting.shift();
      if (event !== undefined) return { done: false, value: event };
      const error = failure;
      failure = undefined;
      if (error) throw error;
      if (isOver) return done;
      return new Promise((resolve, reject) => {
        reader = { resolve, reject };
      });
    },
    async return() {
      failure = undefined;
      end();
      waiting.length = 0;
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
