import { expect, test } from "vitest";
import { MemoryEntry } from "../../src/cache/memory-entry.js";

test("an entry keeps of a larger buffer no more than its value", () => {
  const all = Buffer.alloc(10_000, "value");
  const draft = {
    ttlMs: 60_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    loadMs: 1,
    tags: [],
    nonces: [],
    format: 1,
    value: all.subarray(0, 5),
  };
  const { value } = new MemoryEntry(draft, "token123", 0);
  expect(Buffer.from(value).toString()).toBe("value");
  expect(value.buffer.byteLength).toBe(5);
});
