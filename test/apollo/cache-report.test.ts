import { expect, test } from "vitest";
import { cacheReport } from "../../src/apollo/cache-report.js";

test("groups by coordinate, counts all, and shows the first hundred", () => {
  const outcomes = Array.from({ length: 120 }, (_, index) => ({
    coordinate: "MenuItem.sizes",
    path: ["menu", index, "sizes"],
    status: index < 20 ? ("stale" as const) : ("hit" as const),
    ageSeconds: 1.26,
    tags: [],
  }));

  const report = cacheReport(outcomes);

  expect(Object.keys(report)).toEqual(["MenuItem.sizes"]);
  expect(report["MenuItem.sizes"]?.statuses).toEqual({ stale: 20, hit: 100 });
  expect(report["MenuItem.sizes"]?.fields).toHaveLength(100);
  expect(report["MenuItem.sizes"]?.fields[3]).toEqual({
    path: "menu.3.sizes",
    status: "stale",
    ageSeconds: 1.3,
    tags: [],
  });
});
