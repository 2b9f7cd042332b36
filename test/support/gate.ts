/** A point in a race that the test opens by hand, so that an order is forced and never slept for. */
export interface Gate {
  /** Resolves when somebody arrives at the gate. */
  readonly arrived: Promise<void>;
  /** Resolves when the gate opens. */
  readonly opened: Promise<void>;
  readonly isOpen: boolean;
  /** How many have arrived. */
  readonly arrivals: number;
  /** Resolves when `count` have arrived. */
  arrivedTimes(count: number): Promise<void>;
  /** Arrives, and resolves when the gate opens: what the code under test calls. */
  pass(): Promise<void>;
  /** Opens the gate, for good. */
  open(): void;
}

export function createGate(): Gate {
  let resolveOpened = () => {};
  const opened = new Promise<void>((resolve) => {
    resolveOpened = resolve;
  });
  const waiting: { count: number; resolve: () => void }[] = [];
  let arrivals = 0;
  let isOpen = false;

  function arrivedTimes(count: number): Promise<void> {
    if (arrivals >= count) return Promise.resolve();
    return new Promise((resolve) => waiting.push({ count, resolve }));
  }

  const arrived = arrivedTimes(1);
  return {
    arrived,
    opened,
    arrivedTimes,
    get isOpen() {
      return isOpen;
    },
    get arrivals() {
      return arrivals;
    },
    pass() {
      arrivals += 1;
      for (const one of waiting) if (arrivals >= one.count) one.resolve();
      return opened;
    },
    open() {
      isOpen = true;
      resolveOpened();
    },
  };
}

/** Named gates for a race of several steps: `const { loaded, evicted } = createGates("loaded", "evicted")`. */
export function createGates<Name extends string>(...names: Name[]): Record<Name, Gate> {
  return Object.fromEntries(names.map((name) => [name, createGate()])) as Record<Name, Gate>;
}
