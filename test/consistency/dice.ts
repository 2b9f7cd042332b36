/** Random choices that a seed repeats. */
export interface Dice {
  /** From `least` up to, and without, `most`. */
  number(least: number, most: number): number;
  /** A whole number from 0 up to, and without, `count`. */
  index(count: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** A name, each as likely as its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
}

/** mulberry32: 32 bits of state are plenty to choose what to do next. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const index = (count: number) => Math.floor(next() * count);
  return {
    number: (least, most) => least + next() * (most - least),
    index,
    chance: (probability) => next() < probability,
    pick: (items) => items[index(items.length)]!,
    weighted(weights) {
      const entries = Object.entries(weights) as Array<[keyof typeof weights, number]>;
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      return entries[0]![0];
    },
  };
}
