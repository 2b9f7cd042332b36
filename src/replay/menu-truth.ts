import type { Queryable } from "../origin/database.js";

/**
 * What the menu may answer: what the database holds, and while it is being changed, either. A read that begins after
 * the change was answered must show it, whichever server it asks.
 */
export interface MenuTruth {
  readonly itemIds: readonly string[];
  /** Makes a change of one item through `change`, and asks the database what it came to. One at a time. */
  changed(itemId: string, change: () => Promise<void>): Promise<void>;
  beginRead(): ReadBegin;
  /** Whether the text of an answer is one that the database held since the read began. */
  isTrueMenu(text: string, begin: ReadBegin): Promise<boolean>;
  isTrueItem(id: string, text: string, begin: ReadBegin): Promise<boolean>;
}

/** How many changes had been answered when a read began. */
export type ReadBegin = number;

/** One state of an item, as the API writes it. */
interface State {
  readonly text: string;
  /** A read that begins when so many changes were answered may not show it any more. */
  until: number;
}

export async function createMenuTruth(database: Queryable): Promise<MenuTruth> {
  const states = new Map<string, State[]>();
  let answered = 0;
  /** While it is under way nobody knows what it comes to, though it may be seen. */
  let change: Promise<void> | undefined;
  let wholeMenu = "";
  /** Since when `wholeMenu` is the only truth. */
  let wholeSince = 0;

  for (const [id, text] of await itemTexts(database)) {
    states.set(id, [{ text, until: Number.POSITIVE_INFINITY }]);
  }
  const itemIds = [...states.keys()];
  renew();

  function renew(): void {
    const items = itemIds.map((id) => states.get(id)?.at(-1)?.text);
    wholeMenu = `{"data":{"menu":[${items.join()}]}}`;
    wholeSince = answered;
  }

  async function make(itemId: string, run: () => Promise<void>): Promise<void> {
    const own = states.get(itemId) ?? [];
    const before = own.at(-1);
    try {
      await run();
    } finally {
      answered += 1;
      if (before) before.until = answered;
      const [found] = await itemTexts(database, itemId);
      own.push({ text: found?.[1] ?? "null", until: Number.POSITIVE_INFINITY });
      renew();
    }
  }

  const mayShow = (id: string, text: string, begin: ReadBegin) =>
    (states.get(id) ?? []).some((state) => state.text === text && begin < state.until);

  async function holds(check: () => boolean): Promise<boolean> {
    if (check()) return true;
    await change?.catch(() => {});
    return check();
  }

  return {
    itemIds,

    async changed(itemId, run) {
      change = make(itemId, run);
      try {
        await change;
      } finally {
        change = undefined;
      }
    },

    beginRead: () => answered,

    isTrueMenu: (text, begin) =>
      holds(() => {
        if (wholeSince <= begin && text.trimEnd() === wholeMenu) return true;
        const items = (JSON.parse(text) as { data?: { menu?: unknown[] } }).data?.menu;
        if (items?.length !== itemIds.length) return false;
        return items.every((item, at) =>
          mayShow(itemIds[at] as string, JSON.stringify(item), begin),
        );
      }),

    isTrueItem: (id, text, begin) =>
      holds(() => mayShow(id, /^\{"data":\{"menuItem":(.*)\}\}\s*$/.exec(text)?.[1] ?? "", begin)),
  };
}

/** Items in the menu's order, as the API writes what the replay asks of them. */
async function itemTexts(database: Queryable, itemId?: string): Promise<[string, string][]> {
  const rows = await database.query<{
    id: string;
    name: string;
    available: boolean;
    sizeIds: string[];
    prices: string[];
  }>(
    `SELECT item.id, item.name, item.available,
            array_agg(size.id ORDER BY array_position(ARRAY['S', 'M', 'L', 'XL', 'XXL'], size.size)) AS "sizeIds",
            array_agg(to_char(size.price_cents / 100.0, 'FM99999990.00')
                      ORDER BY array_position(ARRAY['S', 'M', 'L', 'XL', 'XXL'], size.size)) AS prices
     FROM menu_items AS item JOIN menu_item_sizes AS size ON size.item_id = item.id AND NOT size.retired
     WHERE NOT item.retired AND ($1::text IS NULL OR item.id = $1)
     GROUP BY item.id ORDER BY item.category, item.name, item.id`,
    [itemId ?? null],
  );
  return rows.map(({ id, name, available, sizeIds, prices }) => {
    const sizes = sizeIds.map((sizeId, at) => ({ id: sizeId, price: prices[at] }));
    return [id, JSON.stringify({ id, name, available, sizes })];
  });
}
