import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { shouldRefreshEarly } from "../../src/cache/early-refresh.js";
import type { Entry } from "../../src/cache/entry.js";

const entry: Entry = {
  token: "",
  birthMs: 1_000_000,
  ttlMs: 10_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  loadMs: 100,
  tags: [],
  nonces: [],
  format: 1,
  value: Buffer.alloc(0),
};
const expiresMs = entry.birthMs + entry.ttlMs;

/** The draw whose gap is exactly Δ times β. */
const MEDIAN_DRAW = 1 - 1 / Math.E;

afterEach(() => void vi.restoreAllMocks());

function draw(random: number): void {
  vi.spyOn(Math, "random").mockReturnValue(random);
}

describe("an entry is refreshed early", () => {
  test("when the drawn gap reaches its expiry", () => {
    draw(MEDIAN_DRAW);
    expect(shouldRefreshEarly(entry.loadMs, expiresMs, expiresMs - 99, 1)).toBe(true);
    expect(shouldRefreshEarly(entry.loadMs, expiresMs, expiresMs - 101, 1)).toBe(false);
  });

  test("the earlier, the longer its load took and the greater β", () => {
    draw(MEDIAN_DRAW);
    expect(shouldRefreshEarly(1_000, expiresMs, expiresMs - 999, 1)).toBe(true);
    expect(shouldRefreshEarly(1_000, expiresMs, expiresMs - 1_001, 1)).toBe(false);
    expect(shouldRefreshEarly(entry.loadMs, expiresMs, expiresMs - 249, 2.5)).toBe(true);
    expect(shouldRefreshEarly(entry.loadMs, expiresMs, expiresMs - 251, 2.5)).toBe(false);
  });

  test("by few readers long before its expiry, and by ever more towards it", () => {
    const shareAt = (remainingMs: number) => {
      const refreshed = Array.from({ length: 20_000 }, () =>
        shouldRefreshEarly(entry.loadMs, expiresMs, expiresMs - remainingMs, 1),
      ).filter(Boolean);
      return refreshed.length / 20_000;
    };
    // e^(-remaining / Δ), give or take five standard deviations.
    expect(shareAt(300)).toBeCloseTo(Math.exp(-3), 1);
    expect(shareAt(100)).toBeCloseTo(Math.exp(-1), 1);
    expect(shareAt(30)).toBeCloseTo(Math.exp(-0.3), 1);
    expect(shareAt(0)).toBe(1);
  });
});

describe("an entry is not refreshed early", () => {
  const anyDraw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test("ever, with β 0", () => {
    fc.assert(
      fc.property(anyDraw, fc.nat(20_000), (random, ageMs) => {
        draw(random);
        expect(shouldRefreshEarly(entry.loadMs, expiresMs, entry.birthMs + ageMs, 0)).toBe(false);
      }),
    );
  });

  test("before its expiry, if its load took no time", () => {
    fc.assert(
      fc.property(anyDraw, fc.nat(9_999), (random, ageMs) => {
        draw(random);
        expect(shouldRefreshEarly(0, expiresMs, entry.birthMs + ageMs, 1)).toBe(false);
      }),
    );
  });
});
