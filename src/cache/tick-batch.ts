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

const settled = Promise.resolve();

function afterPromiseJobs(run: () => void): void {
  settled.then(() => process.nextTick(run));
}
