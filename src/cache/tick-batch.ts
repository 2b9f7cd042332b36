/**
 * Collects what is asked for in one tick and hands it over at once.
 *
 * The hand-over waits for the promise jobs of the tick, as DataLoader's does: the lookups of one GraphQL list level
 * are made in promise jobs, one after another, and belong together.
 */
export function createTickBatch<Item>(flush: (items: Item[]) => void): (item: Item) => void {
  const waiting: Item[] = [];

  // Not a new `[]` for the next tick: see `TickCall`.
  const handOver = () => flush(waiting.splice(0));

  return (item) => {
    if (waiting.push(item) === 1) afterPromiseJobs(handOver);
  };
}

/**
 * One of the calls that are answered together. A class, as all is that waits with a call: V8 makes the objects of a
 * literal (`{…}` and `[]`) in the old space once most of them outlived a collection of the young one, as they do where
 * loads take their time, and there each dead one keeps alive what it holds. Collections then took five times as long,
 * and hits half as long again.
 */
export class TickCall<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;

  constructor(asked: Asked, resolve: (answer: Answer) => void, reject: (error: unknown) => void) {
    this.asked = asked;
    this.resolve = resolve;
    this.reject = reject;
  }
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
      enqueue(new TickCall(asked, resolve, reject));
    });
}

const settled = Promise.resolve();

function afterPromiseJobs(run: () => void): void {
  settled.then(() => process.nextTick(run));
}
