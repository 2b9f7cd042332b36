import { beforeEach, describe, expect, test } from "vitest";
import type { Queryable } from "../../src/origin/database.js";
import { createMenuTruth, type MenuTruth } from "../../src/replay/menu-truth.js";
import { createGate } from "../support/gate.js";

describe("what the menu may answer", () => {
  const prices = new Map<string, string>();
  const database: Queryable = {
    query: async <Row>(_sql: string, [itemId]: readonly unknown[] = []) =>
      [...prices]
        .filter(([id]) => itemId === null || id === itemId)
        .map(([id, price]) => ({
          id,
          name: id,
          available: true,
          sizeIds: [`${id}-s`],
          prices: [price],
        })) as Row[],
  };
  const item = (id: string, price: string) =>
    JSON.stringify({ id, name: id, available: true, sizes: [{ id: `${id}-s`, price }] });
  const menu = (first: string, second: string) =>
    `{"data":{"menu":[${item("a", first)},${item("b", second)}]}}\n`;
  let truth: MenuTruth;

  beforeEach(async () => {
    prices.clear();
    prices.set("a", "1.00").set("b", "2.00");
    truth = await createMenuTruth(database);
  });

  test("is what the database holds", async () => {
    const begin = truth.beginRead();
    expect(await truth.isTrueMenu(menu("1.00", "2.00"), begin)).toBe(true);
    expect(await truth.isTrueMenu(menu("1.00", "2.01"), begin)).toBe(false);
    expect(await truth.isTrueItem("a", `{"data":{"menuItem":${item("a", "1.00")}}}`, begin)).toBe(
      true,
    );
    expect(await truth.isTrueItem("a", '{"data":{"menuItem":null}}', begin)).toBe(false);
  });

  test("is either while a change is under way, and the new alone for who begins after its answer", async () => {
    const gate = createGate();
    const early = truth.beginRead();
    const change = truth.changed("a", async () => {
      await gate.pass();
      prices.set("a", "9.00");
    });
    await gate.arrived;
    const meanwhile = truth.beginRead();
    const seenNew = truth.isTrueMenu(menu("9.00", "2.00"), meanwhile);
    gate.open();
    await change;
    expect(await seenNew).toBe(true);
    expect(await truth.isTrueMenu(menu("1.00", "2.00"), early)).toBe(true);
    expect(await truth.isTrueMenu(menu("1.00", "2.00"), meanwhile)).toBe(true);
    const late = truth.beginRead();
    expect(await truth.isTrueMenu(menu("1.00", "2.00"), late)).toBe(false);
    expect(await truth.isTrueMenu(menu("9.00", "2.00"), late)).toBe(true);
  });
});
