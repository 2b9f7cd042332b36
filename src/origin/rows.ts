/** Rows as the rest of the pizzeria sees them: money is bigint cents, times are Dates. */

export const menuCategories = ["CHICKEN", "CLASSIC", "SUPREME", "VEGGIE"] as const;
export type MenuCategory = (typeof menuCategories)[number];

/** From the smallest. */
export const pizzaSizes = ["S", "M", "L", "XL", "XXL"] as const;
export type PizzaSize = (typeof pizzaSizes)[number];

export type OrderStatus = "PENDING" | "PREPARING" | "READY";
export type Role = "customer" | "staff";

export interface MenuItemRow {
  id: string;
  name: string;
  category: MenuCategory;
  /** In the order of the recipe. */
  ingredients: string[];
  available: boolean;
}

export interface SizeRow {
  id: string;
  itemId: string;
  size: PizzaSize;
  priceCents: bigint;
}

export interface PreferencesRow {
  /** A BCP 47 tag. */
  language: string | null;
  vegetarian: boolean | null;
  /** Ids of menu items, which may be gone by now. */
  favouriteItems: string[];
}

export interface CustomerRow {
  id: string;
  name: string;
  email: string;
  role: Role;
  memberSince: Date;
}

export interface OrderRow {
  /** Decimal digits. */
  id: string;
  customerId: string;
  status: OrderStatus;
  placedAt: Date;
  /** null until it is ready, and for orders of which only the day's records are known. */
  readyAt: Date | null;
  totalCents: bigint;
}

export interface OrderLineRow {
  orderId: string;
  /** From 1. */
  lineNo: number;
  sizeId: string;
  quantity: number;
  unitPriceCents: bigint;
}

export interface PopularItemRow {
  itemId: string;
  timesOrdered: number;
}

export interface KitchenTicketRow {
  orderId: string;
  customerId: string;
  /** The order's: PENDING while the ticket waits, PREPARING while a station has it. */
  status: OrderStatus;
  /** The highest is first. */
  priority: number;
  queuedAt: Date;
  /** Who has it, or had it when it was completed; null while it waits. */
  station: string | null;
  startedAt: Date | null;
}

export interface HourlyOrdersRow {
  /** 0 to 23, in UTC. */
  hour: number;
  orders: number;
}

export interface IngredientRow {
  name: string;
  /** Units: a pizza takes one of each of its ingredients. */
  stock: number;
}

export interface CampaignRow {
  id: string;
  segments: string[];
  /** Customers it is aimed at. */
  targetCount: number;
  expiresAt: Date;
}
