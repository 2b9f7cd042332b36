import type { MenuTruth } from "./menu-truth.js";
import type { OrderTruth } from "./order-truth.js";
import type { Shop } from "./shop.js";

/** Reads of the replay, each checked and timed. */
export interface Reads {
  menu(shop: Shop): Promise<void>;
  menuItem(shop: Shop, id: string): Promise<void>;
  /** What a customer sees of the order just placed, and of its list, which it must be the newest of. */
  order(
    shop: Shop,
    token: string,
    placed: { id: string; total: string; number: number },
  ): Promise<void>;
  readonly counts: Readonly<ReadCounts>;
}

export interface ReadCounts {
  menu: number;
  menuItem: number;
  order: number;
  orders: number;
  stale: number;
}

/** Enough to see what they have in common. */
const STALE_SHOWN = 5;

export function createReads(
  menuTruth: MenuTruth,
  orderTruth: OrderTruth,
  onTime: (ms: number) => void,
  onStale: (what: string) => void,
): Reads {
  const counts: ReadCounts = { menu: 0, menuItem: 0, order: 0, orders: 0, stale: 0 };

  async function timed<T>(run: () => Promise<T>): Promise<T> {
    const beganAt = performance.now();
    const answer = await run();
    onTime(performance.now() - beganAt);
    return answer;
  }

  function judge(isTrue: boolean, what: () => string): void {
    if (isTrue) return;
    counts.stale += 1;
    if (counts.stale <= STALE_SHOWN) onStale(what());
  }

  return {
    counts,

    async menu(shop) {
      const begin = menuTruth.beginRead();
      const text = await timed(shop.menu);
      counts.menu += 1;
      judge(await menuTruth.isTrueMenu(text, begin), () => `menu: ${text.slice(0, 500)}`);
    },

    async menuItem(shop, id) {
      const begin = menuTruth.beginRead();
      const text = await timed(() => shop.menuItem(id));
      counts.menuItem += 1;
      judge(await menuTruth.isTrueItem(id, text, begin), () => `menuItem ${id}: ${text}`);
    },

    async order(shop, token, { id, total, number }) {
      const mayBe = orderTruth.beginRead(id);
      const order = await timed(() => shop.order(token, id));
      counts.order += 1;
      judge(mayBe(order) && order?.total === total, () => `order ${id}: ${JSON.stringify(order)}`);
      const orders = await timed(() => shop.orders(token));
      counts.orders += 1;
      judge(
        orders.newest === id && orders.count === number,
        () => `orders after ${id}, the customer's number ${number}: ${JSON.stringify(orders)}`,
      );
    },
  };
}
