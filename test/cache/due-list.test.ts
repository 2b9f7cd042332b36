import { expect, test } from "vitest";
import { createDueList } from "../../src/cache/due-list.js";

const BEGAN_AT_MS = 1_700_000_000_250;

test("gives each name once, when it is due or within a second of it, and never before", () => {
  const list = createDueList(BEGAN_AT_MS);
  list.add("now", BEGAN_AT_MS + 1);
  list.add("soon", BEGAN_AT_MS + 1500);
  list.add("late", BEGAN_AT_MS + 3_600_000);
  expect(list.take(BEGAN_AT_MS)).toEqual([]);
  expect(list.take(BEGAN_AT_MS + 1001)).toEqual(["now"]);
  expect(list.take(BEGAN_AT_MS + 1499)).toEqual([]);
  expect(list.take(BEGAN_AT_MS + 2500)).toEqual(["soon"]);
  expect(list.take(BEGAN_AT_MS + 3_599_999)).toEqual([]);
  expect(list.take(BEGAN_AT_MS + 3_601_000)).toEqual(["late"]);
});

test("does not give what was removed, or is due at another time by now", () => {
  const list = createDueList(BEGAN_AT_MS);
  for (const name of ["removed", "moved", "kept"]) list.add(name, BEGAN_AT_MS + 100);
  list.remove("removed", BEGAN_AT_MS + 100);
  list.remove("moved", BEGAN_AT_MS + 100);
  list.add("moved", BEGAN_AT_MS + 9000);
  expect(list.take(BEGAN_AT_MS + 5000)).toEqual(["kept"]);
  expect(list.take(BEGAN_AT_MS + 10_000)).toEqual(["moved"]);
});
