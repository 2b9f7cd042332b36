import { gained, hitRatio, type ServerNumbers } from "./field-lookups.js";
import { createLatencies } from "./latencies.js";
import { MENU_FIELDS, type Sample } from "./report.js";

/** Measures the replay as it goes. */
export interface Sampling {
  readonly samples: readonly Sample[];
  /** All reads' times. */
  readonly latencies: { quantile(share: number): number };
  onTime(ms: number): void;
  /** Takes one more sample. */
  take(orders: number): Promise<Sample>;
  /** What the servers did since the sampling began. */
  total(): Promise<ServerNumbers>;
}

export async function createSampling(readAll: () => Promise<ServerNumbers[]>): Promise<Sampling> {
  const first = await readAll();
  const startedAt = performance.now();
  const samples: Sample[] = [];
  const all = createLatencies();
  let some = createLatencies();
  let last = { at: startedAt, numbers: first };

  return {
    samples,
    latencies: all,
    onTime(ms) {
      all.add(ms);
      some.add(ms);
    },
    async take(orders) {
      const numbers = await readAll();
      const at = performance.now();
      const sample: Sample = {
        atSeconds: (at - startedAt) / 1000,
        readsASecond: some.count / ((at - last.at) / 1000),
        hitRatio: hitRatio(gained(numbers, last.numbers).fields, MENU_FIELDS),
        p50Ms: some.quantile(0.5),
        p99Ms: some.quantile(0.99),
        orders,
      };
      some = createLatencies();
      last = { at, numbers };
      samples.push(sample);
      return sample;
    },
    total: async () => gained(await readAll(), first),
  };
}
