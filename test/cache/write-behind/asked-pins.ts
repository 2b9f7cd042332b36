import type { Store } from "../../../src/cache/store.js";

/** A memory store whose pins are asked for on their queue, as those on Redis are, and are not always pending. */
export function withAskedPins(store: Store): Store {
  const pending = new Set<number>();
  const sequenceOf = new Map<string, number>();

  return {
    ...store,
    pins: { ...store.pins, isPending: async ({ sequence }) => pending.has(sequence) },
    queue(name) {
      const queue = store.queue(name);
      return {
        ...queue,
        async append(write, room, given) {
          const sequence = await queue.append(write, room, given);
          if (sequence !== undefined) pending.add(sequence);
          return sequence;
        },
        async receive(count) {
          const received = await queue.receive(count);
          for (const { id, sequence } of received) sequenceOf.set(id, sequence);
          return received;
        },
        async settle(ids) {
          for (const id of ids) pending.delete(sequenceOf.get(id) as number);
          await queue.settle(ids);
        },
        async bury(delivery, reason) {
          pending.delete(delivery.sequence);
          return queue.bury(delivery, reason);
        },
      };
    },
  };
}
