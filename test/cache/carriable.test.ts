import { describe, expect, test } from "vitest";
import { demandOf } from "../../src/cache/carriable.js";
import { NotCacheableError } from "../../src/cache/errors.js";

describe("what a value needs to come back as it was", () => {
  const one = { id: 1 };

  test.each([
    ["a number", 1.5],
    ["null", null],
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["a bigint", 1n],
    ["a text", "é"],
    ["a date", new Date(0)],
    ["a Set", new Set([1])],
    ["a Buffer", Buffer.from("a")],
    ["typed arrays", [new Float64Array(2), new BigInt64Array(1)]],
    ["an ArrayBuffer and a DataView", [new ArrayBuffer(2), new DataView(new ArrayBuffer(2))]],
    ["nested objects and arrays", { a: [{ b: [null, undefined] }] }],
    ["two like objects", [{ id: 1 }, { id: 2 }]],
    ["an object without prototype", Object.create(null)],
  ])("%s: nothing special", (_, value) => {
    expect(demandOf(value)).toBe("plain");
  });

  test.each([
    ["a Map", { a: new Map() }],
    ["a RegExp", /a/],
    ["an object that occurs twice", { a: one, b: one }],
    ["a cycle", cycle()],
    ["three objects in one list", { rows: [{ id: 1 }, { id: 2 }, { id: 3 }] }],
  ])("%s: a graph", (_, value) => {
    expect(demandOf(value)).toBe("graph");
  });

  test.each([
    ["minus zero", { a: [-0] }],
    ["an invalid date", [new Date(Number.NaN)]],
    ["a hole in an array", [new Array(1)]],
    ["a lone surrogate", new Set(["\ud800"])],
    ["a lone surrogate in a name", { "\ud800": 1 }],
    ["a property named __proto__", JSON.parse('{"__proto__": 1}')],
    ["any of these in a graph", [new Map([[1, -0]]), one, one]],
  ])("%s: exactness", (_, value) => {
    expect(demandOf(value)).toBe("exact");
  });
});

describe("what cannot come back as it was is refused by its path", () => {
  class Customer {
    name = "Ann";
  }
  const must = "A cached value must consist of plain data that comes back as it went in.";

  test.each([
    ["a function", () => 1, "The value is a function."],
    ["a class", Customer, "The value is a function."],
    ["a symbol", Symbol("s"), "The value is a symbol."],
    ["a promise", Promise.resolve(1), "The value is a promise."],
    ["a proxy", new Proxy({}, {}), "The value is a proxy."],
    ["an instance", new Customer(), "The value is an instance of Customer."],
    ["an error", new TypeError("no"), "The value is an instance of TypeError."],
    ["a WeakMap", new WeakMap(), "The value is an instance of WeakMap."],
    ["a boxed number", Object(1), "The value is an instance of Number."],
    ["a generator", (function* () {})(), "The value is an object of a class."],
    ["a RegExp in use", used(/a/g), "The value is a RegExp in use."],
    ["a method", { a: { b() {} } }, 'At "a.b" the value holds a function.'],
    ["a promise in a list", [[1, Promise.resolve(1)]], 'At "[0][1]" the value holds a promise.'],
    [
      "an instance in a row",
      { rows: [new Customer()] },
      'At "rows[0]" the value holds an instance of Customer.',
    ],
    ["a revoked proxy", { p: revoked() }, 'At "p" the value holds a proxy.'],
    [
      "a symbol in a Map",
      { m: new Map([["a", Symbol("s")]]) },
      'At "m<value>" the value holds a symbol.',
    ],
    ["a key of a Map", new Map([[{ f: () => 1 }, 1]]), 'At "<key>.f" the value holds a function.'],
    ["an item of a Set", { s: new Set([() => 1]) }, 'At "s<item>" the value holds a function.'],
    [
      "an accessor",
      {
        a: {
          get b() {
            return 1;
          },
        },
      },
      'At "a.b" the value holds an accessor.',
    ],
    ["a hidden property", { a: hidden({}, "b") }, 'At "a.b" the value holds a hidden property.'],
    [
      "a property named by a symbol",
      { a: { [Symbol("s")]: 1 } },
      'At "a" the value holds a property named by a symbol.',
    ],
    [
      "an array with extras",
      { a: "ab".match(/b/) },
      'At "a" the value holds an array with properties of its own.',
    ],
    [
      "an array of a class",
      { a: new (class Rows extends Array {})() },
      'At "a" the value holds an instance of Rows.',
    ],
    [
      "a date with extras",
      { a: Object.assign(new Date(0), { b: 1 }) },
      'At "a" the value holds an instance of Date with properties of its own.',
    ],
    [
      "a Map with extras",
      { a: Object.assign(new Map(), { b: 1 }) },
      'At "a" the value holds an instance of Map with properties of its own.',
    ],
    [
      "a date of a class",
      { a: new (class Day extends Date {})() },
      'At "a" the value holds an instance of Day.',
    ],
  ])("%s", (_, value, where) => {
    const attempt = () => demandOf(value);
    expect(attempt).toThrow(NotCacheableError);
    expect(attempt).toThrow(expect.objectContaining({ message: `${must} ${where}` }));
  });

  test("without running an accessor", () => {
    let ran = false;
    const value = {
      get price() {
        ran = true;
        return 1;
      },
    };
    expect(() => demandOf(value)).toThrow(NotCacheableError);
    expect(ran).toBe(false);
  });
});

function cycle(): unknown {
  const parent: { child: object } = { child: {} };
  parent.child = { parent };
  return parent;
}

function used(pattern: RegExp): RegExp {
  pattern.exec("a");
  return pattern;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function hidden(target: object, name: string): object {
  return Object.defineProperty(target, name, { value: 1, enumerable: false });
}
