import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeys } from "../../../src/cache/redis/keys.js";

/** The slot function that ioredis itself routes by. */
const ioredis = createRequire(import.meta.url).resolve("ioredis");
const slotOf = createRequire(ioredis)("cluster-key-slot") as (name: string) => number;

const keys = createKeys("cached:");
const anyText = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });

test("every name begins with the prefix", () => {
  const names = [
    keys.entry("a"),
    keys.tag("a"),
    keys.indexBase("a"),
    keys.pending("a"),
    ...keys.allPending(),
    keys.mark("a"),
    ...keys.allMarks(),
    keys.log,
    keys.evictions,
    keys.wake("a"),
  ];
  for (const name of names) expect(name.startsWith("cached:")).toBe(true);
});

test("the names are part of the stored format", () => {
  expect(keys.entry("Query.menu")).toBe("cached:v:Query.menu");
  expect(keys.tag("menu")).toBe("cached:t:{58}menu");
  expect(keys.indexBase("menu")).toBe("cached:i:{58}menu:");
  expect(keys.pending("menu")).toBe("cached:p:{58}");
  expect(keys.log).toBe("cached:log");
  expect(keys.evictions).toBe("cached:evictions");
  expect(keys.wake("Query.menu")).toBe("cached:wake:Query.menu");
});

test("an entry's name tells its key, and no other name does", () => {
  fc.assert(
    fc.property(anyText, (key) => {
      expect(keys.keyOfEntry(keys.entry(key))).toBe(key);
    }),
  );
  for (const name of [keys.tag("a"), keys.log, keys.pending("a"), "other:v:a"]) {
    expect(keys.keyOfEntry(name)).toBeUndefined();
  }
});

test("different keys and tags have different names, none of them another's", () => {
  fc.assert(
    fc.property(anyText, anyText, (one, other) => {
      fc.pre(one !== other);
      const namesOf = (text: string) => [keys.entry(text), keys.tag(text), keys.indexBase(text)];
      expect(new Set([...namesOf(one), ...namesOf(other), keys.log]).size).toBe(7);
    }),
  );
});

describe("on a cluster", () => {
  test("what is known of a key's deletion is in the slot of its entry", () => {
    const tagged = fc.tuple(anyText, anyText, anyText).map(([a, b, c]) => `${a}{${b}}${c}`);
    const untagged = anyText.filter((key) => !key.includes("}"));
    fc.assert(
      fc.property(
        fc.oneof(
          untagged,
          tagged.filter((key) => /^[^{}]*\{[^{}]+\}/.test(key)),
        ),
        (key) => {
          expect(slotOf(keys.deletion(key))).toBe(slotOf(keys.entry(key)));
        },
      ),
    );
  });

  test("what belongs to one tag shares a slot, whatever the tag holds", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constantFrom("{", "}", "{}", "a{b}c", "}{")), (tag) => {
        const slot = slotOf(keys.tag(tag));
        expect(slotOf(`${keys.indexBase(tag)}nonce-01`)).toBe(slot);
        expect(slotOf(keys.pending(tag))).toBe(slot);
        expect(slotOf(keys.mark(tag))).toBe(slot);
      }),
    );
  });

  test("every tag's list of pending generations is among all of them", () => {
    const all = new Set(keys.allPending());
    expect(all.size).toBe(64);
    fc.assert(fc.property(anyText, (tag) => all.has(keys.pending(tag))));
    const marks = new Set(keys.allMarks());
    expect(marks.size).toBe(64);
    fc.assert(fc.property(anyText, (tag) => marks.has(keys.mark(tag))));
  });

  test("tags are spread over many slots, and so are keys", () => {
    const items = Array.from({ length: 2_000 }, (_, id) => `menu-item:${id}`);
    expect(new Set(items.map((tag) => slotOf(keys.tag(tag)))).size).toBe(64);
    expect(new Set(items.map((key) => slotOf(keys.entry(key)))).size).toBeGreaterThan(1_500);
  });
});
