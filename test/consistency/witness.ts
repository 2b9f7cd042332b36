import type { Store } from "../../src/cache/store.js";
import { nowMs } from "./clock.js";
import type { Aim } from "./history.js";
import type { Port } from "./port.js";

/** What a process does with its store, as the store sees it. */
export interface Witness {
  /**
   * The store, telling of every eviction that reaches it and of every promotion it has seen. What the engine delivers
   * late or issues again is seen nowhere else.
   */
  readonly store: Store;
  /** When the last lease of the key that was granted had been asked for. */
  leasedMs(key: string): number | undefined;
}

export function createWitness(store: Store, worker: string, port: Port): Witness {
  const leasedMs = new Map<string, number>();
  let last = 0;

  async function issue<T>(aim: Partial<Aim>, run: () => Promise<T>): Promise<T> {
    const name = `${worker}!${++last}`;
    const begin = { type: "issue", worker, issue: name, beginMs: nowMs() } as const;
    port.beginIssue({ tags: [], keys: [], everything: false, ...aim, ...begin });
    const tell = (done: boolean) =>
      port.tell({ type: "issued", issue: name, endMs: nowMs(), done });
    try {
      const result = await run();
      tell(true);
      return result;
    } catch (error) {
      tell(false);
      throw error;
    }
  }

  const watched: Store = {
    ...store,
    async takeLease(request) {
      const askedMs = nowMs();
      const grant = await store.takeLease(request);
      if (grant.taken) leasedMs.set(request.key, askedMs);
      return grant;
    },
    evict: (tags) => issue({ tags }, () => store.evict(tags)),
    delete: (key) => issue({ keys: [key] }, () => store.delete(key)),
    clear: () => issue({ everything: true }, () => store.clear()),
    onPromotion(listener) {
      store.onPromotion?.((lostAtMs) => {
        const atMs = nowMs();
        const lostMs = atMs - (performance.now() - lostAtMs);
        port.tell({ type: "promotion", worker, atMs, lostMs });
        listener(lostAtMs);
      });
    },
  };
  return { store: watched, leasedMs: (key) => leasedMs.get(key) };
}
