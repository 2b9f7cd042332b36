import { setTimeout as sleep } from "node:timers/promises";
import type { OrderTruth } from "./order-truth.js";
import type { Shop } from "./shop.js";

const IDLE_MS = 50;

/**
 * Stations claim and complete what is ordered, each on its own server, until `isOver` and nothing waits any more.
 * Resolves with how many tickets were completed.
 */
export async function runStations(
  shops: readonly Shop[],
  staff: string,
  stations: number,
  orderTruth: OrderTruth,
  isOver: () => boolean,
): Promise<number> {
  let completed = 0;

  async function station(number: number): Promise<void> {
    const shop = shops[number % shops.length] as Shop;
    for (;;) {
      // Asked before the queue is looked at: what was ordered until then is found.
      const wasOver = isOver();
      const orderId = await shop.claimNextTicket(staff, `replay ${number}`);
      if (orderId === undefined) {
        if (wasOver) return;
        await sleep(IDLE_MS);
        continue;
      }
      orderTruth.reached(orderId, "PREPARING");
      await shop.completeTicket(staff, orderId);
      orderTruth.reached(orderId, "READY");
      completed += 1;
    }
  }

  await Promise.all(Array.from({ length: stations }, (_, number) => station(number)));
  return completed;
}
