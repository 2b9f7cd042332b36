import type { FolderMenu, FolderOrder } from "../origin/sales-folder.js";
import type { Shop } from "./shop.js";

/** Orders what the orders to come need beyond what is in stock. Returns how many ingredients were delivered. */
export async function stockUp(
  shop: Shop,
  staff: string,
  { items, sizes }: FolderMenu,
  orders: readonly FolderOrder[],
): Promise<number> {
  const recipe = new Map(items.map(({ id, ingredients }) => [id, ingredients]));
  const needed = new Map<string, number>();
  for (const { lines } of orders) {
    for (const { sizeId, quantity } of lines) {
      for (const ingredient of recipe.get(sizes.get(sizeId)?.itemId ?? "") ?? []) {
        needed.set(ingredient, (needed.get(ingredient) ?? 0) + quantity);
      }
    }
  }
  let deliveries = 0;
  for (let after: string | undefined; ; ) {
    const page = await shop.inventory(staff, after);
    for (const { name, stock } of page) {
      const missing = (needed.get(name) ?? 0) - stock;
      if (missing <= 0) continue;
      await shop.restock(staff, name, missing);
      deliveries += 1;
    }
    after = page.at(-1)?.name;
    if (after === undefined) return deliveries;
  }
}
