/** Takes note of evictions. */
export interface EvictionList {
  addTags(tags: readonly string[]): void;
  addKey(key: string): void;
  addEverything(): void;
}

/** What carries evictions out. */
export interface Evicting {
  evict(tags: readonly string[]): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  clear(): Promise<unknown>;
}

/** Evictions that the store has not acknowledged, to be delivered before anything of it is trusted again. */
export interface Undelivered extends EvictionList {
  readonly size: number;
  /** Whether one of them concerns the key, or one of the tags. */
  covers(key: string, tags: readonly string[]): boolean;
  /** Delivers all in their order; what fails stays. Rejects with the store's error. */
  deliver(to: Evicting): Promise<void>;
  /** Hands all over. */
  passOn(to: EvictionList): void;
}

type Item = { kind: "tag" | "key"; name: string };

const DELIVER_AT_ONCE = 500;

/** Past `limit` the list is replaced by one eviction of everything: nothing is forgotten, and memory stays bounded. */
export function createUndelivered(limit = 10_000): Undelivered {
  const items = new Map<string, Item>();
  let everything = false;
  /** It is on its way: until it has arrived nothing may be trusted. */
  let isClearing = false;

  function add(item: Item): void {
    if (everything) return;
    items.set(`${item.kind}:${item.name}`, item);
    if (items.size > limit) addEverything();
  }

  function addEverything(): void {
    everything = true;
    items.clear();
  }

  return {
    get size() {
      return everything ? 1 : items.size;
    },
    covers(key, tags) {
      if (everything || isClearing) return true;
      if (items.size === 0) return false;
      return items.has(`key:${key}`) || tags.some((tag) => items.has(`tag:${tag}`));
    },
    addTags(tags) {
      for (const name of tags) add({ kind: "tag", name });
    },
    addKey: (name) => add({ kind: "key", name }),
    addEverything,
    async deliver(to) {
      while (everything || items.size > 0) {
        if (everything) await deliverEverything(to);
        else await deliverSome(to);
      }
    },
    passOn(to) {
      if (everything || isClearing) to.addEverything();
      for (const { kind, name } of items.values()) {
        if (kind === "tag") to.addTags([name]);
        else to.addKey(name);
      }
      everything = false;
      items.clear();
    },
  };

  async function deliverEverything(to: Evicting): Promise<void> {
    // What comes while it is on its way is not covered by it, and must be kept.
    everything = false;
    isClearing = true;
    try {
      await to.clear();
    } catch (error) {
      addEverything();
      throw error;
    } finally {
      isClearing = false;
    }
  }

  async function deliverSome(to: Evicting): Promise<void> {
    const next = [...items].slice(0, DELIVER_AT_ONCE);
    const names = (kind: Item["kind"]) =>
      next.filter(([, item]) => item.kind === kind).map(([, item]) => item.name);
    const tags = names("tag");
    if (tags.length > 0) await to.evict(tags);
    await Promise.all(names("key").map((key) => to.delete(key)));
    // One that was added again meanwhile is another object, and stays.
    for (const [id, item] of next) if (items.get(id) === item) items.delete(id);
  }
}
