import { randomUUID } from "node:crypto";
import type { FolderMenu, FolderOrder } from "../origin/sales-folder.js";
import type { OrderTruth } from "./order-truth.js";
import type { PriceChanges } from "./price-changes.js";
import type { Reads } from "./reads.js";
import type { Shop } from "./shop.js";

export interface CustomersParts {
  readonly shops: readonly Shop[];
  readonly menu: FolderMenu;
  readonly reads: Reads;
  readonly orderTruth: OrderTruth;
  readonly changes: PriceChanges;
  /** Called before each order with its place among all; resolves when it is its turn. */
  readonly untilDue: (order: FolderOrder) => Promise<void>;
  readonly onOrder: () => Promise<void>;
  /** True once the replay is given up. */
  readonly isOver: () => boolean;
}

/** Reads around each order, of each kind. */
const READS_AN_ORDER = 20;

/** So many customers take the orders in turn, each looking at the menu and at items before and after it orders. */
export async function serveCustomers(
  parts: CustomersParts,
  orders: readonly FolderOrder[],
  customers: number,
): Promise<void> {
  const run = randomUUID();
  let next = 0;

  async function customer(number: number): Promise<void> {
    const { shops, reads, changes, orderTruth } = parts;
    const home = shops[number % shops.length] as Shop;
    const token = await home.signUp(
      `Replay ${number}`,
      `replay-${run}-${number}@pizzeria.example`,
      randomUUID(),
    );
    let placedBefore = 0;
    while (next < orders.length && !parts.isOver()) {
      const order = orders[next] as FolderOrder;
      next += 1;
      await parts.untilDue(order);
      await browse(order, number);
      const release = await changes.hold(order);
      try {
        for (const { sizeId, quantity } of order.lines) {
          await home.addToCart(token, sizeId, quantity);
        }
        const placed = await home.placeOrder(token, `${run}:${order.id}`);
        orderTruth.reached(placed.id, "PENDING");
        placedBefore += 1;
        const elsewhere = shops[(number + 1) % shops.length] as Shop;
        await reads.order(elsewhere, token, { ...placed, number: placedBefore });
      } finally {
        release();
      }
      await parts.onOrder();
    }
  }

  /** The order's own items and the menu's, on all servers in turn, two reads at a time. */
  async function browse({ lines }: FolderOrder, number: number): Promise<void> {
    const { shops, reads, menu } = parts;
    const own = lines.map(({ sizeId }) => menu.sizes.get(sizeId)?.itemId ?? "");
    for (let read = 0; read < READS_AN_ORDER; read += 1) {
      const shop = shops[(number + read) % shops.length] as Shop;
      const any = menu.items[(number * READS_AN_ORDER + read * 7) % menu.items.length]?.id;
      const item = read % 2 === 0 ? own[read % own.length] : any;
      await Promise.all([reads.menu(shop), reads.menuItem(shop, item ?? own[0] ?? "")]);
    }
  }

  await Promise.all(Array.from({ length: customers }, (_, number) => customer(number)));
}
