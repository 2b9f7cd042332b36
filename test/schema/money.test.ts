import fc from "fast-check";
import { parseValue } from "graphql";
import { describe, expect, test } from "vitest";
import { formatMoney, MoneyScalar, parseMoney } from "../../src/schema/money.js";

describe("Money", () => {
  test.each([
    ["12.75", 1275n],
    ["12.5", 1250n],
    ["12", 1200n],
    ["0", 0n],
    ["0.05", 5n],
    ["10000000.00", 1_000_000_000n],
  ])("reads %s", (text, cents) => {
    expect(parseMoney(text)).toBe(cents);
  });

  test.each([
    "",
    "-1",
    "+1",
    "1.234",
    "1.",
    ".5",
    "1e3",
    "0x10",
    " 1",
    "1,50",
    "10000000.01",
    "NaN",
  ])("refuses %j", (text) => {
    expect(() => parseMoney(text)).toThrow(RangeError);
  });

  test("writes what it reads back as the same cents", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1_000_000_000n }), (cents) => {
        expect(formatMoney(cents)).toMatch(/^\d+\.\d\d$/);
        expect(parseMoney(formatMoney(cents))).toBe(cents);
      }),
    );
  });

  test("takes strings alone, as a literal and as a variable", () => {
    expect(MoneyScalar.parseLiteral(parseValue('"3.10"'))).toBe(310n);
    expect(MoneyScalar.parseValue("3.10")).toBe(310n);
    expect(() => MoneyScalar.parseLiteral(parseValue("3.10"))).toThrow("Money must be a string");
    expect(() => MoneyScalar.parseValue(3.1)).toThrow("Money must be a string");
  });

  test("writes cents, and refuses a float of them", () => {
    expect(MoneyScalar.serialize(5n)).toBe("0.05");
    expect(() => MoneyScalar.serialize(12.75)).toThrow("must be a bigint of cents");
  });
});
