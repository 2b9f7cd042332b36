import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { keySlot } from "../../../src/key-slot.js";

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
    keys.deletion("a"),
    keys.pin("a"),
    keys.queue("a"),
    keys.buried("a"),
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

test("databases of one server share no channel, with the keys of each as they are", () => {
  const second = createKeys("cached:", 2);
  expect(second.entry("Query.menu")).toBe(keys.entry("Query.menu"));
  expect(second.evictions).toBe("cached:@2:evictions");
  expect(second.wake("Query.menu")).toBe("cached:@2:wake:Query.menu");
  expect(second.everyWake).toBe("cached:@2:wake:*");
});

test("clear() leaves what the origin does not have yet", () => {
  for (const key of ["a", "{a}", "}"]) {
    expect(keys.outlivesClear(keys.pin(key))).toBe(true);
    expect(keys.outlivesClear(keys.queue(key))).toBe(true);
    expect(keys.outlivesClear(keys.buried(key))).toBe(true);
    expect(keys.outlivesClear(keys.entry(key))).toBe(false);
  }
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
      const namesOf = (text: string) => [
        keys.entry(text),
        keys.deletion(text),
        keys.pin(text),
        keys.tag(text),
        keys.indexBase(text),
        keys.queue(text),
        keys.buried(text),
      ];
      expect(new Set([...namesOf(one), ...namesOf(other), keys.log]).size).toBe(15);
    }),
  );
});

describe("on a cluster", () => {
  test("what is known of a key's deletion, and its pending write, are in the slot of its entry", () => {
    const tagged = fc.tuple(anyText, anyText, anyText).map(([a, b, c]) => `${a}{${b}}${c}`);
    const odd = fc.constantFrom("}", "a}b", "{}a", "}{a}", "{", "{}{a}", "a{}b}");
    fc.assert(
      fc.property(fc.oneof(anyText, tagged, odd), (key) => {
        // As servers have it; ioredis takes {} for the beginning of a hash tag.
        const slot = keySlot(keys.entry(key));
        expect(keySlot(keys.deletion(key))).toBe(slot);
        expect(keySlot(keys.pin(key))).toBe(slot);
      }),
    );
  });

  test("a queue's two streams share a slot, whatever its name holds", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constantFrom("{", "}", "{}", "a{b}c", "}{")), (name) => {
        expect(slotOf(keys.buried(name))).toBe(slotOf(keys.queue(name)));
      }),
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
