import type { SortedSetDriver } from "../driver.js";
import type { ExpiringMap } from "./expiring-map.js";

type Scores = Map<string, number>;

export function createMemorySortedSets(sets: ExpiringMap<Scores>): SortedSetDriver {
  return {
    async write(id, scores, { mode, onlyIfExists, trimTo, ttlMs, renew }) {
      const existing = sets.get(id);
      if (onlyIfExists && existing === undefined) return undefined;
      const set: Scores = mode === "replace" ? new Map() : (existing ?? new Map());
      const written = [...scores].map(([member, score]) => {
        const stored = set.get(member);
        if (mode === "increment") set.set(member, (stored ?? 0) + score);
        else if (mode !== "raise" || stored === undefined || score > stored) set.set(member, score);
        return set.get(member) ?? score;
      });
      if (trimTo !== undefined) dropAfter(set, trimTo);

      if (set.size === 0) sets.delete(id);
      else if (existing === undefined || mode === "replace") sets.set(id, set, ttlMs);
      else if (renew && ttlMs !== undefined) sets.renew(id, ttlMs);
      return written;
    },
    async top(id, count) {
      return ordered(sets.get(id)).slice(0, count);
    },
    async scores(id, members) {
      const set = sets.get(id);
      return members.map((member) => set?.get(member));
    },
    async remove(id, members) {
      return dropFrom(id, (set) => members.filter((member) => set.delete(member)).length);
    },
    async removeBelow(id, score) {
      return dropFrom(id, (set) => {
        const below = [...set].filter((entry) => entry[1] < score);
        for (const [member] of below) set.delete(member);
        return below.length;
      });
    },
    async trim(id, size) {
      return dropFrom(id, (set) => dropAfter(set, size));
    },
    async count(id) {
      return sets.get(id)?.size ?? 0;
    },
    async delete(id) {
      return sets.delete(id);
    },
  };

  function dropFrom(id: string, drop: (set: Scores) => number): number {
    const set = sets.get(id);
    if (set === undefined) return 0;
    const dropped = drop(set);
    if (set.size === 0) sets.delete(id);
    return dropped;
  }
}

function dropAfter(set: Scores, size: number): number {
  const dropped = ordered(set).slice(size);
  for (const [member] of dropped) set.delete(member);
  return dropped.length;
}

/** As Redis orders a reversed range. */
function ordered(set: Scores = new Map()): [string, number][] {
  return [...set].sort(
    ([a, scoreA], [b, scoreB]) => scoreB - scoreA || Buffer.compare(Buffer.from(b), Buffer.from(a)),
  );
}
