import type { Database } from "./database.js";
import { addIngredients } from "./inventory.js";
import type { MenuCategory, PizzaSize } from "./rows.js";

/**
 * Gives an empty database a menu to try things with; leaves any other alone.
 * Safe when several processes start at once.
 */
export async function seedMenu(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query("LOCK TABLE menu_items IN SHARE ROW EXCLUSIVE MODE");
    const [row] = await tx.query<{ empty: boolean }>(
      "SELECT NOT EXISTS (SELECT FROM menu_items) AS empty",
    );
    if (!row?.empty) return;

    for (const item of seedItems) {
      await tx.query(
        "INSERT INTO menu_items (id, name, category, ingredients) VALUES ($1, $2, $3, $4)",
        [item.id, item.name, item.category, item.ingredients],
      );
    }
    const sizes = seedItems.flatMap((item) =>
      Object.entries(item.cents).map(([size, cents]) => ({ itemId: item.id, size, cents })),
    );
    await tx.query(
      `INSERT INTO menu_item_sizes (id, item_id, size, price_cents)
       SELECT item_id || '-' || lower(size), item_id, size, price_cents
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS s (item_id, size, price_cents)`,
      [sizes.map((s) => s.itemId), sizes.map((s) => s.size), sizes.map((s) => s.cents)],
    );
    await addIngredients(
      tx,
      seedItems.flatMap((item) => item.ingredients),
    );
  });
}

interface SeedItem {
  id: string;
  name: string;
  category: MenuCategory;
  ingredients: string[];
  cents: Partial<Record<PizzaSize, number>>;
}

/** Size ids are made of these: `harbour-s`. */
export const seedItems: readonly SeedItem[] = [
  {
    id: "margherita",
    name: "Margherita",
    category: "CLASSIC",
    ingredients: ["Tomato Sauce", "Mozzarella", "Basil"],
    cents: { S: 950, M: 1250, L: 1550 },
  },
  {
    id: "marinara",
    name: "Marinara",
    category: "CLASSIC",
    ingredients: ["Tomato Sauce", "Garlic", "Oregano"],
    cents: { S: 850, M: 1150, L: 1450 },
  },
  {
    id: "baker-street",
    name: "Baker Street",
    category: "CLASSIC",
    ingredients: ["Tomato Sauce", "Mozzarella", "Ham", "Mushrooms"],
    cents: { S: 1050, M: 1375, L: 1695 },
  },
  {
    id: "sunday-roast",
    name: "Sunday Roast",
    category: "CHICKEN",
    ingredients: ["White Sauce", "Mozzarella", "Roast Chicken", "Thyme", "Potatoes"],
    cents: { S: 1175, M: 1525, L: 1875 },
  },
  {
    id: "firecracker",
    name: "Firecracker",
    category: "CHICKEN",
    ingredients: ["Tomato Sauce", "Mozzarella", "Roast Chicken", "Chilli", "Red Onion"],
    cents: { S: 1150, M: 1495, L: 1845 },
  },
  {
    id: "lighthouse",
    name: "Lighthouse",
    category: "SUPREME",
    ingredients: ["Tomato Sauce", "Mozzarella", "Salami", "Ham", "Olives", "Garlic"],
    cents: { S: 1225, M: 1595, L: 1950 },
  },
  {
    id: "harbour",
    name: "Harbour",
    category: "SUPREME",
    ingredients: ["Tomato Sauce", "Tuna", "Capers", "Red Onion", "Olives"],
    cents: { S: 1195, M: 1575, L: 1925 },
  },
  {
    id: "orchard",
    name: "Orchard",
    category: "VEGGIE",
    ingredients: ["White Sauce", "Goat Cheese", "Apple", "Walnuts", "Thyme"],
    cents: { S: 1125, M: 1475, L: 1795 },
  },
  {
    id: "kitchen-garden",
    name: "Kitchen Garden",
    category: "VEGGIE",
    ingredients: ["Tomato Sauce", "Mozzarella", "Courgette", "Peppers", "Basil"],
    cents: { S: 1050, M: 1395, L: 1725 },
  },
  {
    id: "forest-floor",
    name: "Forest Floor",
    category: "VEGGIE",
    ingredients: ["White Sauce", "Mozzarella", "Mushrooms", "Garlic", "Walnuts"],
    cents: { S: 1095, M: 1425, L: 1750 },
  },
];
