import type { OrderStatus } from "./shop.js";

/** How far an order has come, as far as it was answered: a later read may not show less. */
export interface OrderTruth {
  /** A mutation that left the order at `status` was answered. */
  reached(id: string, status: OrderStatus): void;
  /** To be asked before a read; whether its answer may be what it is. */
  beginRead(id: string): (answer: { status: OrderStatus } | null) => boolean;
}

const RANK: Record<OrderStatus, number> = { PENDING: 0, PREPARING: 1, READY: 2 };
/** Read soon after they were placed, or never. */
const REMEMBERED = 10_000;

export function createOrderTruth(): OrderTruth {
  const reached = new Map<string, number>();
  return {
    reached(id, status) {
      reached.set(id, Math.max(RANK[status], reached.get(id) ?? 0));
      if (reached.size > REMEMBERED) reached.delete(reached.keys().next().value as string);
    },
    beginRead(id) {
      const least = reached.get(id) ?? 0;
      return (answer) => answer !== null && RANK[answer.status] >= least;
    },
  };
}
