import type { SortedSetDriver, SortedSetOrder } from "../driver.js";
import type { ExpiringMap } from "./expiring-map.js";
import { createOrderedMembers, type OrderedMembers } from "./ordered-members.js";

export function createMemorySortedSets(
  sets: ExpiringMap<OrderedMembers>,
  order: SortedSetOrder,
): SortedSetDriver {
  const isReversed = order === "greatestFirst";
  const comesBefore = (a: number, b: number) => (isReversed ? a > b : a < b);

  return {
    async write(id, scores, { mode, onlyIfExists, trimTo, ttlMs, renew }) {
      const existing = sets.get(id);
      if (onlyIfExists && existing === undefined) return undefined;
      const isNew = existing === undefined || mode === "replace";
      const set = isNew ? createOrderedMembers(order) : existing;
      const written = [...scores].map(([member, score]) => {
        const stored = set.get(member);
        if (mode === "increment") set.set(member, (stored ?? 0) + score);
        else if (stored === undefined || isWritten(mode, score, stored)) set.set(member, score);
        return set.get(member) ?? score;
      });
      if (trimTo !== undefined) set.splice(trimTo);

      if (set.size === 0) sets.delete(id);
      else if (isNew) sets.set(id, set, ttlMs);
      else if (renew && ttlMs !== undefined) sets.renew(id, ttlMs);
      return written;
    },
    range: async (id, offset, count) => sets.get(id)?.slice(offset, offset + count) ?? [],
    rangeByScore: async (id, { min, max, offset, count }) =>
      (sets.get(id)?.filter((score) => score >= min && score <= max) ?? []).slice(
        offset,
        offset + count,
      ),
    pop: async (id, count) => take(id, (set) => set.splice(0, count)) ?? [],
    async rank(id, member) {
      const set = sets.get(id);
      return set?.get(member) === undefined ? undefined : set.rank(member);
    },
    async scores(id, members) {
      const set = sets.get(id);
      return members.map((member) => set?.get(member));
    },
    remove: async (id, members) =>
      take(id, (set) => members.filter((member) => set.delete(member)).length) ?? 0,
    removeAfter: async (id, score) =>
      take(id, (set) => {
        const after = set.filter((one) => comesBefore(score, one));
        return set.splice(set.size - after.length).length;
      }) ?? 0,
    trim: async (id, size) => take(id, (set) => set.splice(size).length) ?? 0,
    count: async (id) => sets.get(id)?.size ?? 0,
    delete: async (id) => sets.delete(id),
  };

  function isWritten(mode: string, score: number, stored: number): boolean {
    if (mode === "add") return false;
    return mode !== "raise" || comesBefore(score, stored);
  }

  /** A set goes with its last member. */
  function take<T>(id: string, from: (set: OrderedMembers) => T): T | undefined {
    const set = sets.get(id);
    if (set === undefined) return undefined;
    const taken = from(set);
    if (set.size === 0) sets.delete(id);
    return taken;
  }
}
