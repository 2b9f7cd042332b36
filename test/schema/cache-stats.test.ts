import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { backendKinds, type Pizzeria, startPizzeria } from "../support/pizzeria.js";

const STATS = "{ cacheStats { hits misses fills evictions errors entries hitRatio } }";
const MENU = "{ menu { id } }";
interface Stats {
  cacheStats: Record<
    "hits" | "misses" | "fills" | "evictions" | "errors" | "entries" | "hitRatio",
    number
  >;
}

describe.each(backendKinds)("the cache as staff see it, $name", (kind) => {
  let pizzeria: Pizzeria;
  let staff: string;

  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
    staff = await pizzeria.signInStaff();
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());

  const stats = async () => (await pizzeria.ask<Stats>(STATS, { token: staff })).data.cacheStats;
  const evict = (tags: string[], token = staff) =>
    pizzeria.ask<{ evictTags: number }>("mutation ($tags: [String!]!) { evictTags(tags: $tags) }", {
      token,
      variables: { tags },
    });

  test("counts a miss and a fill, then a hit", async () => {
    const before = await stats();
    expect(before.hitRatio).toBe(0);
    await pizzeria.ask(MENU);
    await pizzeria.ask(MENU);
    expect(await stats()).toMatchObject({
      misses: before.misses + 1,
      fills: before.fills + 1,
      hits: before.hits + 1,
      entries: before.entries + 1,
      errors: 0,
      hitRatio: 1 / (before.misses + 2),
    });
  });

  test("is evicted by hand, by tag, and says how many entries that can have been", async () => {
    await pizzeria.ask(MENU);
    expect((await evict(["menu", "menu-item:none"])).data).toEqual({ evictTags: 1 });
    pizzeria.statements.length = 0;
    await pizzeria.ask(MENU);
    expect(pizzeria.statements).toHaveLength(1);
  });

  test.each([
    ["no tag", []],
    ["more than 100 tags", Array.from({ length: 101 }, (_, i) => `t${i}`)],
    ["an empty tag", ["menu", ""]],
    ["a tag of more than 500 characters", ["t".repeat(501)]],
    ["a tag that is no text", ["menu", "a\ud800"]],
  ])("refuses to evict %s", async (_what, tags) => {
    const { errors } = await evict(tags);
    expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
  });

  test("is still told of when a count has grown past what GraphQL's Int holds", async () => {
    const { cache } = pizzeria.app.backends;
    const counted = vi.spyOn(cache, "stats").mockReturnValue({ ...cache.stats(), hits: 2 ** 31 });
    try {
      expect((await stats()).hits).toBe(2 ** 31 - 1);
    } finally {
      counted.mockRestore();
    }
  });

  test("is no business of customers", async () => {
    const customer = await pizzeria.signUp();
    expect(await pizzeria.codeOf(STATS, { token: customer })).toBe("FORBIDDEN");
    expect((await evict(["menu"], customer)).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect(await pizzeria.codeOf(STATS)).toBe("UNAUTHENTICATED");
  });
});
