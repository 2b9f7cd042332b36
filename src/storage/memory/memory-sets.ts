import type { SetDriver } from "../driver.js";
import type { ExpiringMap } from "./expiring-map.js";
import { createOrderedMembers, type OrderedMembers } from "./ordered-members.js";

export function createMemorySets(sets: ExpiringMap<OrderedMembers>): SetDriver {
  return {
    async add(id, members, { onlyIfExists, ttlMs, renew }) {
      const existing = sets.get(id);
      if (onlyIfExists && existing === undefined) return undefined;
      const set = existing ?? createOrderedMembers("leastFirst");
      const before = set.size;
      for (const member of members) set.set(member, 0);
      if (set.size === 0) return 0;
      if (existing === undefined) sets.set(id, set, ttlMs);
      else if (renew && ttlMs !== undefined) sets.renew(id, ttlMs);
      return set.size - before;
    },
    async remove(id, members) {
      const set = sets.get(id);
      if (set === undefined) return 0;
      const removed = members.filter((member) => set.delete(member)).length;
      if (set.size === 0) sets.delete(id);
      return removed;
    },
    async has(id, members) {
      const set = sets.get(id);
      return members.map((member) => set?.get(member) !== undefined);
    },
    size: async (id) => sets.get(id)?.size ?? 0,
    async page(id, after, count) {
      const set = sets.get(id);
      if (set === undefined) return [];
      const from = after === undefined ? 0 : set.placeAfter(after, 0);
      return set.slice(from, from + count).map(([member]) => member);
    },
    delete: async (id) => sets.delete(id),
  };
}
