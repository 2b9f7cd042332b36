import { beforeEach, describe, expect, test } from "vitest";
import type { Entry } from "../../src/cache/entry.js";
import { createMemoryTags, type MemoryTags } from "../../src/cache/memory-tags.js";
import type { Position } from "../../src/cache/position.js";

let nowMs: number;
let n: number;
let tags: MemoryTags;

beforeEach(() => {
  nowMs = 0;
  n = 0;
  tags = createMemoryTags(() => nowMs, 1);
});

const head = (): Position => ({ epoch: 7, n });
const known = (...names: string[]) => [...tags.versionsOf(names).keys()];

function evict(...names: string[]): void {
  n += 1;
  tags.evict(names, head());
}

function fileEntry(key: string, name: string): Entry {
  const { nonces } = tags.claim([name], head());
  const entry = { tags: [name], nonces: [nonces.get(name)] } as unknown as Entry;
  tags.file(key, entry);
  return entry;
}

describe("a tag that no entry is filed under", () => {
  test("is forgotten a minute after it was last evicted or used, and no other is", () => {
    evict("evicted", "again", "used");
    const entry = fileEntry("key", "filed");
    nowMs = 59_000;
    evict("again");
    tags.claim(["used"], head());
    nowMs = 60_000;
    tags.sweep();
    expect(known("evicted", "again", "used", "filed")).toEqual(["again", "used", "filed"]);
    nowMs = 119_000;
    tags.sweep();
    expect(known("again", "used", "filed")).toEqual(["filed"]);
    tags.unfile("key", entry);
    tags.sweep();
    expect(known("filed")).toEqual(["filed"]);
    nowMs = 179_000;
    tags.sweep();
    expect(known("filed")).toEqual([]);
  });

  test("is forgotten sooner where there are too many, the oldest first, but never one with entries", () => {
    const entry = fileEntry("key", "filed");
    evict("oldest");
    for (let other = 0; other < 10_999; other += 1) evict(`other:${other}`);
    expect(known("oldest")).toEqual(["oldest"]);
    evict("newest");
    const left = known("oldest", "other:999", "other:1000", "newest", "filed");
    expect(left).toEqual(["other:1000", "newest", "filed"]);
    expect(tags.hold(entry)).toBe(true);
  });

  test("leaves nothing valid that was evicted, when it is forgotten and when it is used again", () => {
    const [entry, before] = [fileEntry("key", "tag"), head()];
    evict("tag");
    for (let other = 0; other < 11_000; other += 1) evict(`other:${other}`);
    const expectInvalid = () => {
      expect(tags.hold(entry)).toBe(false);
      expect(tags.areCovered(["tag"], before)).toBe(false);
    };
    expect(known("tag")).toEqual([]);
    expect(tags.haveMoved(["tag"], before)).toBe(true);
    expectInvalid();
    tags.claim(["tag"], head());
    expectInvalid();
  });
});
