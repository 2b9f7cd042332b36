import type { EvictionList } from "./undelivered.js";

/**
 * What this process evicted of late: a server that is promoted to master may lack the last of it, however well it was
 * acknowledged by the one before.
 */
export interface RecentEvictions extends EvictionList {
  /** Tells what was evicted in the last `keepMs` before that time, in its order. */
  passOn(lostAtMs: number, to: EvictionList): void;
}

export interface RecentEvictionsOptions {
  /** Default 60,000: a replica that is further behind than that should not be promoted. */
  readonly keepMs?: number;
  /** Past so many, everything counts as evicted. Default 10,000. */
  readonly limit?: number;
  /** Default `performance.now`. */
  readonly now?: () => number;
}

interface Recent {
  readonly atMs: number;
  readonly tell: (to: EvictionList) => void;
}

export function createRecentEvictions(options: RecentEvictionsOptions = {}): RecentEvictions {
  const { keepMs = 60_000, limit = 10_000, now = () => performance.now() } = options;
  /** Each once, the latest last. */
  const recent = new Map<string, Recent>();
  let everythingAtMs = Number.NEGATIVE_INFINITY;

  function note(id: string, tell: Recent["tell"]): void {
    const atMs = now();
    recent.delete(id);
    recent.set(id, { atMs, tell });
    for (const [oldId, old] of recent) {
      if (old.atMs >= atMs - keepMs) break;
      recent.delete(oldId);
    }
    if (recent.size > limit) addEverything();
  }

  function addEverything(): void {
    recent.clear();
    everythingAtMs = now();
  }

  return {
    addTags(tags) {
      for (const tag of tags) note(`tag:${tag}`, (to) => to.addTags([tag]));
    },
    addKey: (key) => note(`key:${key}`, (to) => to.addKey(key)),
    addEverything,
    passOn(lostAtMs, to) {
      const since = Math.min(lostAtMs, now()) - keepMs;
      if (everythingAtMs >= since) return to.addEverything();
      for (const { atMs, tell } of recent.values()) if (atMs >= since) tell(to);
    },
  };
}
