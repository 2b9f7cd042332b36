import type { BuriedWrite, Delivery, QueuedWrite, WriteQueue } from "./queue.js";

interface Waiting {
  readonly sequence: number;
  readonly write: QueuedWrite;
  readonly sinceMs: number;
  isHandedOut: boolean;
}

/** The queue of one process, which ends with it: there is nobody to adopt from, and nobody to be kept from. */
export function createMemoryQueue(): WriteQueue {
  /** In the order of their places. */
  const waiting = new Map<string, Waiting>();
  const buried = new Map<string, BuriedWrite>();
  let lastPlace = 0;
  let lastSequence = 0;

  return {
    isShared: false,

    async append(write, room, given) {
      if (waiting.size + buried.size >= room) return undefined;
      lastSequence = Math.max(lastSequence + 1, Math.floor(Date.now() * 1000));
      const sequence = given ?? lastSequence;
      const kept = { ...write, value: new Uint8Array(write.value) };
      lastPlace += 1;
      const sinceMs = performance.now();
      waiting.set(String(lastPlace), { sequence, write: kept, sinceMs, isHandedOut: false });
      return sequence;
    },

    async receive(count) {
      const received: Delivery[] = [];
      for (const [id, one] of waiting) {
        if (received.length >= count) break;
        if (one.isHandedOut) continue;
        one.isHandedOut = true;
        received.push({ id, sequence: one.sequence, attempt: 1, write: one.write });
      }
      return received;
    },

    adopt: async () => [],
    keep: async () => {},

    async settle(ids) {
      for (const id of ids) waiting.delete(id);
    },

    async bury({ id, sequence, attempt, write }, reason) {
      if (!waiting.delete(id)) return false;
      buried.set(id, { id, sequence, attempts: attempt, reason, buriedAtMs: Date.now(), write });
      return true;
    },

    buried: async (count) => [...buried.values()].slice(0, count),
    buriedAt: async (id) => buried.get(id),
    discard: async (id) => buried.delete(id),
    leave: async () => {},
    last: async () => [...waiting.keys()].at(-1),
    async isPendingUpTo(id) {
      const [first] = waiting.keys();
      return first !== undefined && Number(first) <= Number(id);
    },

    async size() {
      const [oldest] = waiting.values();
      return {
        pending: waiting.size,
        buried: buried.size,
        oldestMs: oldest ? performance.now() - oldest.sinceMs : 0,
      };
    },
  };
}
