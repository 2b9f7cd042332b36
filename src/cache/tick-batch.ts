/**
 * Collects what is asked for in one tick and hands it over at once.
 *
 * The hand-over waits for the promise jobs of the tick, as DataLoader's does: the lookups of one GraphQL list level
 * are made in promise jobs, one after another, and belong together.
 */
export function createTickBatch<Item>(flush: (items: Item[]) => void): (item: Item) => void {
  let waiting: Item[] = [];

  const handOver = () => {
    const items = waiting;
    waiting = [];
    flush(items);
  };

  return (item) => {
    if (waiting.push(item) === 1) afterPromiseJobs(handOver);
  };
}

/** One of the calls that are answered together. */
export interface TickCall<Asked, Answer> {
  readonly asked: Asked;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** Answers the calls of one tick at once. What `flush` throws rejects those that it has not settled. */
export function createTickCalls<Asked, Answer>(
  flush: (calls: ReadonlyArray<TickCall<Asked, Answer>>) => Promise<void>,
): (asked: Asked) => Promise<Answer> {
  const enqueue = createTickBatch<TickCall<Asked, Answer>>((calls) => {
    flush(calls).catch((error) => {
      for (const { reject } of calls) reject(error);
    });
  });

  return (asked) =>
    new Promise((resolve, reject) => {
      enqueue({ asked, resolve, reject });
    });
}

const settled = Promise.resolve();

function afterPromiseJobs(run: () => void): void {
  settled.then(() => process.nextTick(run));
}
