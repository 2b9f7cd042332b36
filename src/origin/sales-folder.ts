import { type CsvRow, readCsv } from "./csv-file.js";
import { ImportError } from "./errors.js";
import { MAX_PRICE_CENTS } from "./menu.js";
import { MAX_QUANTITY } from "./order-lines.js";
import { type MenuCategory, menuCategories, type PizzaSize, pizzaSizes } from "./rows.js";

export interface FolderItem {
  id: string;
  name: string;
  category: MenuCategory;
  ingredients: string[];
}

export interface FolderSize {
  id: string;
  itemId: string;
  size: PizzaSize;
  priceCents: bigint;
}

export interface FolderOrder {
  id: string;
  placedAt: Date;
  lines: { sizeId: string; quantity: number }[];
}

export interface FolderMenu {
  items: FolderItem[];
  /** By id. */
  sizes: Map<string, FolderSize>;
}

/** Told of the bytes read of one file. */
export type OnBytes = (bytes: number) => void;

/** Reads pizza_types.csv and pizzas.csv. @throws ImportError */
export async function readMenu(folder: string, onBytes: OnBytes): Promise<FolderMenu> {
  const items = new Map<string, FolderItem & { line: number }>();
  const typeColumns = ["pizza_type_id", "name", "category", "ingredients"];
  for await (const row of readCsv(folder, "pizza_types.csv", typeColumns, onBytes)) {
    const id = newId(row, "pizza_type_id", items);
    items.set(id, {
      id,
      name: checked(row, "name", (text) => text.length <= 200, "must have at most 200 characters"),
      category: oneOf(row, "category", menuCategories),
      ingredients: ingredients(row),
      line: row.line,
    });
  }

  const sizes = new Map<string, FolderSize>();
  const taken = new Set<string>();
  const sizeColumns = ["pizza_id", "pizza_type_id", "size", "price"];
  for await (const row of readCsv(folder, "pizzas.csv", sizeColumns, onBytes)) {
    const id = newId(row, "pizza_id", sizes);
    const itemId = knownId(row, "pizza_type_id", items, "pizza_types.csv");
    const size = oneOf(row, "size", pizzaSizes);
    const pair = JSON.stringify([itemId, size]);
    if (taken.has(pair)) throw row.refuse("size", `must be one that ${itemId} does not have yet`);
    taken.add(pair);
    sizes.set(id, { id, itemId, size, priceCents: cents(row, "price") });
  }

  const sized = new Set([...sizes.values()].map((size) => size.itemId));
  for (const { id, line } of items.values()) {
    if (sized.has(id)) continue;
    throw new ImportError("pizza_types.csv", line, `${id} must have a size in pizzas.csv.`);
  }
  return { items: [...items.values()].map(({ line: _, ...item }) => item), sizes };
}

/** Reads orders.csv and order_details.csv; times are taken as UTC. @throws ImportError */
export async function readOrders(
  folder: string,
  menu: FolderMenu,
  onBytes: OnBytes,
): Promise<FolderOrder[]> {
  const orders = new Map<string, FolderOrder & { line: number }>();
  const orderColumns = ["order_id", "date", "time"];
  for await (const row of readCsv(folder, "orders.csv", orderColumns, onBytes)) {
    const id = newId(row, "order_id", orders);
    orders.set(id, { id, placedAt: instant(row), lines: [], line: row.line });
  }

  const details = new Set<string>();
  const lineColumns = ["order_details_id", "order_id", "pizza_id", "quantity"];
  for await (const row of readCsv(folder, "order_details.csv", lineColumns, onBytes)) {
    details.add(newId(row, "order_details_id", details));
    const order = orders.get(knownId(row, "order_id", orders, "orders.csv"));
    const sizeId = knownId(row, "pizza_id", menu.sizes, "pizzas.csv");
    order?.lines.push({ sizeId, quantity: quantity(row) });
  }

  for (const { id, lines, line } of orders.values()) {
    if (lines.length > 0) continue;
    throw new ImportError("orders.csv", line, `${id} must have a line in order_details.csv.`);
  }
  return [...orders.values()].map(({ line: _, ...order }) => order);
}

function newId(row: CsvRow, column: string, known: { has(id: string): boolean }): string {
  const id = row.get(column);
  if (id.length > 100) throw row.refuse(column, "must have at most 100 characters");
  if (known.has(id)) throw row.refuse(column, "must not come twice");
  return id;
}

function knownId(row: CsvRow, column: string, known: { has(id: string): boolean }, file: string) {
  return checked(row, column, (id) => known.has(id), `must be one of ${file}`);
}

function checked(row: CsvRow, column: string, holds: (text: string) => boolean, must: string) {
  const text = row.get(column);
  if (!holds(text)) throw row.refuse(column, must);
  return text;
}

function oneOf<T extends string>(row: CsvRow, column: string, values: readonly T[]): T {
  const text = row.get(column).toUpperCase();
  const value = values.find((each) => each === text);
  if (value === undefined) throw row.refuse(column, `must be one of ${values.join(", ")}`);
  return value;
}

function ingredients(row: CsvRow): string[] {
  const names = row
    .get("ingredients")
    .split(",")
    .map((name) => name.trim());
  if (names.includes("") || new Set(names).size < names.length) {
    throw row.refuse("ingredients", "must be names between commas, each once");
  }
  if (names.some((name) => name.length > 200)) {
    throw row.refuse("ingredients", "must be names of at most 200 characters each");
  }
  return names;
}

function cents(row: CsvRow, column: string): bigint {
  const must = `must be an amount from 0.01 to ${MAX_PRICE_CENTS / 100n}.00, as 12.75`;
  const text = checked(row, column, (t) => /^[0-9]{1,9}(\.[0-9]{1,2})?$/.test(t), must);
  const [whole = "", fraction = ""] = text.split(".");
  const amount = BigInt(whole + fraction.padEnd(2, "0"));
  if (amount < 1n || amount > MAX_PRICE_CENTS) throw row.refuse(column, must);
  return amount;
}

function quantity(row: CsvRow): number {
  const holds = (text: string) => /^[1-9][0-9]{0,2}$/.test(text) && Number(text) <= MAX_QUANTITY;
  const must = `must be a whole number from 1 to ${MAX_QUANTITY}`;
  return Number(checked(row, "quantity", holds, must));
}

function instant(row: CsvRow): Date {
  const isDate = (text: string) => isInstant(text, "00:00:00");
  const date = checked(row, "date", isDate, "must be a day, as 2015-01-31");
  const isTime = (text: string) => isInstant(date, text);
  const time = checked(row, "time", isTime, "must be a time of day, as 23:59:59");
  return new Date(`${date}T${time}Z`);
}

/**
 * Whether they are written as they must be and exist: JavaScript takes the 31st of February for the 3rd of March, and
 * has a year 0, which PostgreSQL has not.
 */
function isInstant(date: string, time: string): boolean {
  if (date.startsWith("0000-")) return false;
  const text = `${date}T${time}.000Z`;
  const instant = new Date(text);
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === text;
}
