import type { FolderMenu, FolderOrder } from "../origin/sales-folder.js";
import type { MenuTruth } from "./menu-truth.js";
import type { Shop } from "./shop.js";

/**
 * Changes the menu while it is read, so that there is something to be stale: a price up and down again, an item off the
 * menu and on again. No order notices: whoever is about to order what is changed waits until it is as it was.
 */
export interface PriceChanges {
  /** To be called before an order, and its result after it. */
  hold(order: FolderOrder): Promise<() => void>;
  /** Changes something and changes it back, if nothing is changed and there is anything that nobody is ordering. */
  change(): Promise<void>;
  /** So many changes were made; each is two. */
  readonly made: number;
}

/** How long something stays changed: some reads' time. */
const CHANGED_MS = 200;

export function createPriceChanges(
  shops: readonly Shop[],
  staff: string,
  menu: FolderMenu,
  truth: MenuTruth,
): PriceChanges {
  /** Items that orders under way need, by how many. */
  const inUse = new Map<string, number>();
  let changed: { itemId: string; isBack: Promise<void>; hurry: () => void } | undefined;
  let made = 0;

  const itemsOf = ({ lines }: FolderOrder) =>
    new Set(lines.map(({ sizeId }) => menu.sizes.get(sizeId)?.itemId ?? ""));

  function pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(Math.random() * items.length)];
  }

  async function changeItem(itemId: string, pause: Promise<void>): Promise<void> {
    const size = pick([...menu.sizes.values()].filter((one) => one.itemId === itemId));
    const anyShop = () => pick(shops) as Shop;
    if (made % 2 === 0 || !size) {
      await truth.changed(itemId, () => anyShop().setAvailability(staff, itemId, false));
      await pause;
      await truth.changed(itemId, () => anyShop().setAvailability(staff, itemId, true));
      return;
    }
    const price = (cents: bigint) => `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
    await truth.changed(itemId, () =>
      anyShop().setPrice(staff, size.id, price(size.priceCents + 100n)),
    );
    await pause;
    await truth.changed(itemId, () => anyShop().setPrice(staff, size.id, price(size.priceCents)));
  }

  return {
    async hold(order) {
      const items = itemsOf(order);
      while (changed && items.has(changed.itemId)) {
        changed.hurry();
        await changed.isBack;
      }
      for (const id of items) inUse.set(id, (inUse.get(id) ?? 0) + 1);
      return () => {
        for (const id of items) {
          const left = (inUse.get(id) ?? 1) - 1;
          if (left === 0) inUse.delete(id);
          else inUse.set(id, left);
        }
      };
    },

    async change() {
      if (changed) return;
      const itemId = pick(truth.itemIds.filter((id) => !inUse.has(id)));
      if (itemId === undefined) return;
      let hurry = () => {};
      const pause = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CHANGED_MS);
        hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const isBack = changeItem(itemId, pause).finally(() => {
        changed = undefined;
      });
      changed = { itemId, isBack, hurry };
      await isBack;
      made += 1;
    },

    get made() {
      return made;
    },
  };
}
