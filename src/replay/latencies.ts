/** Times counted in classes of 2 % width: a million of them cost no more than a thousand. */
export interface Latencies {
  add(ms: number): void;
  readonly count: number;
  /** The time that this share of all, from 0 to 1, took at most, within 2 %; 0 without any. */
  quantile(share: number): number;
}

const WIDTH = Math.log(1.02);
const LEAST_MS = 0.01;

export function createLatencies(): Latencies {
  const counts: number[] = [];
  let count = 0;
  return {
    add(ms) {
      const at = Math.max(0, Math.ceil(Math.log(ms / LEAST_MS) / WIDTH));
      counts[at] = (counts[at] ?? 0) + 1;
      count += 1;
    },
    get count() {
      return count;
    },
    quantile(share) {
      const rank = share * count;
      let seen = 0;
      for (let at = 0; at < counts.length; at += 1) {
        seen += counts[at] ?? 0;
        if (seen > 0 && seen >= rank) return LEAST_MS * Math.exp(at * WIDTH);
      }
      return 0;
    },
  };
}
