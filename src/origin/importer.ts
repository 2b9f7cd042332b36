import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Transaction } from "./changes.js";
import type { Database } from "./database.js";
import { recountHours } from "./hourly-orders.js";
import { importMenu } from "./import-menu.js";
import { type ImportedOrders, importOrders } from "./import-orders.js";
import { recount } from "./popularity.js";
import { readMenu, readOrders } from "./sales-folder.js";

export interface ImportOptions {
  /** Leaves the orders out. Default false. */
  menuOnly?: boolean | undefined;
  /** Told how far it is: bytes while it reads, orders while it writes. */
  onProgress?: ((step: "read" | "write", done: number, total: number) => void) | undefined;
}

export interface ImportSummary {
  items: number;
  sizes: number;
  /** Ids of the items that changed, came or went: what a cache may now hold in an older form. Empty when nothing did. */
  changedItemIds: string[];
  /** The folder's orders; undefined with `menuOnly`. */
  orders?: ImportedOrders & { count: number };
}

/**
 * Loads a folder of pizza_types.csv, pizzas.csv, orders.csv and order_details.csv, in one transaction; a second import
 * of the same folder changes nothing. The menu becomes exactly the folder's, its orders are added, popularity follows.
 *
 * Everything is read and checked first, so that a bad row leaves the database untouched.
 *
 * @throws ImportError naming file, line, what must hold and what came.
 */
export async function importFolder(
  database: Database,
  folder: string,
  options: ImportOptions = {},
): Promise<ImportSummary> {
  const { menuOnly = false, onProgress } = options;
  const totalBytes = await sizeOf(folder, menuOnly ? menuFiles : [...menuFiles, ...orderFiles]);
  const countBytes = counter((bytes) => onProgress?.("read", bytes, totalBytes));
  const menu = await readMenu(folder, countBytes);
  const orders = menuOnly ? [] : await readOrders(folder, menu, countBytes);
  const countOrders = counter((count) => onProgress?.("write", count, orders.length));

  const run = async (tx: Transaction): Promise<ImportSummary> => {
    // Orders first, as whoever places one: it holds nothing else while it waits for us.
    await tx.query("LOCK TABLE orders, menu_items IN SHARE ROW EXCLUSIVE MODE");
    const changedItemIds = await importMenu(tx, menu);
    await tx.changed({ itemIds: changedItemIds });
    const summary = { items: menu.items.length, sizes: menu.sizes.size, changedItemIds };
    if (menuOnly) return summary;

    const imported = await importOrders(tx, menu, orders, countOrders);
    await recount(tx);
    await recountHours(tx);
    return { ...summary, orders: { count: orders.length, ...imported } };
  };
  return database.transaction(run, { isUnlimited: true });
}

const menuFiles = ["pizza_types.csv", "pizzas.csv"];
const orderFiles = ["orders.csv", "order_details.csv"];

/** Only for the progress: what cannot be read is named when its turn comes. */
async function sizeOf(folder: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(folder, file)).then(
        (stats) => stats.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function counter(onSum: (sum: number) => void): (more: number) => void {
  let sum = 0;
  return (more) => {
    sum += more;
    onSum(sum);
  };
}
