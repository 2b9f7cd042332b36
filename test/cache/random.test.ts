import { expect, test } from "vitest";
import { randomEpoch, randomId } from "../../src/cache/random.js";

test("an id is eight characters that every key, channel and script can hold", () => {
  for (let turn = 0; turn < 2_000; turn += 1) expect(randomId()).toMatch(/^[\w-]{8}$/);
});

test("no id comes twice, however many are asked for", () => {
  const ids = new Set(Array.from({ length: 20_000 }, randomId));
  expect(ids.size).toBe(20_000);
});

test("an epoch is an unsigned number of 32 bits, and never 0", () => {
  const epochs = Array.from({ length: 2_000 }, randomEpoch);
  for (const epoch of epochs) {
    expect(Number.isInteger(epoch)).toBe(true);
    expect(epoch).toBeGreaterThan(0);
    expect(epoch).toBeLessThan(2 ** 32);
  }
  expect(Math.max(...epochs)).toBeGreaterThan(2 ** 31);
  expect(new Set(epochs).size).toBeGreaterThan(1_990);
});
