import { GraphQLScalarType } from "graphql";
import { describe, expect, test } from "vitest";
import { scalarText } from "../../src/directives/scalar-text.js";
import { createCachedSchema } from "./support/cached-schema.js";

/** An instance that shows its state, as those of most libraries for dates and numbers do. */
class Distance {
  constructor(readonly metres: number) {}
  toJSON(): string {
    return "far";
  }
}

/** One that shows nothing. */
class Secret {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toJSON(): string {
    return "***";
  }
  reveal(): string {
    return this.#text;
  }
}

function scalar(
  serialize: (value: never) => unknown,
  parseValue: (wire: never) => unknown = (wire) => wire,
): GraphQLScalarType {
  return new GraphQLScalarType({
    name: "S",
    serialize: serialize as (value: unknown) => unknown,
    parseValue: parseValue as (wire: unknown) => unknown,
  });
}

describe("a scalar's text", () => {
  test.each<[string, unknown, unknown, string]>([
    ["a string", "alice", "bob", '"alice"'],
    ["a number", 1.001, 1.002, "1.001"],
    ["a bigint", 250n, 250, "250n"],
    ["zero", 0, -0, "0"],
    ["a moment", new Date(1), new Date(2), "date(1)"],
    ["bytes", Buffer.from("a"), Buffer.from("b"), "bytes(YQ==)"],
    ["a record", { at: new Date(1) }, { at: new Date(2) }, "(at:date(1))"],
    ["an address", new URL("https://a.example"), new URL("https://b.example"), ""],
  ])("is that of what it parsed, however %s is shown", (_what, one, other, text) => {
    const write = scalarText(scalar(() => "***"));

    expect(write(one)).toContain(text);
    expect(write(one)).not.toBe(write(other));
  });

  test("of an instance is what it serializes to, where that parses to the same again", () => {
    const write = scalarText(
      scalar(
        ({ metres }: Distance) => `${metres} m`,
        (wire: string) => new Distance(Number.parseFloat(wire)),
      ),
    );

    expect(write(new Distance(2))).toBe('serialized("2 m")');
    expect(write("2 m")).not.toBe(write(new Distance(2)));
  });

  test.each<[string, GraphQLScalarType, unknown, string]>([
    [
      "loses a part of it",
      scalar(
        ({ metres }: Distance) => Math.round(metres),
        (wire: number) => new Distance(wire),
      ),
      new Distance(2.4),
      "the scalar S doesn't parse to the same again what it serialized, so its values cannot be told apart",
    ],
    [
      "might mask what it hides",
      scalar(
        () => "***",
        (wire: string) => new Secret(wire),
      ),
      new Secret("alice"),
      "the scalar S parses to an object that shows nothing of what it holds",
    ],
    [
      "might mask what it hides further down",
      scalar(
        () => "***",
        (wire: string) => ({ all: [new Secret(wire)] }),
      ),
      { all: [new Secret("alice")] },
      "the scalar S parses to an object that shows nothing of what it holds",
    ],
    ["refuses it", scalar(refuse), new Distance(1), "no"],
  ])("is refused to an instance whose scalar %s", (_what, type, value, message) => {
    expect(() => scalarText(type)(value)).toThrow(message);
  });
});

function refuse(): never {
  throw new TypeError("no");
}

describe("an argument of a scalar that shows less than it was given", () => {
  const Masked = scalar(() => "***");

  test("never gets another caller's answer (pitfall 4)", async () => {
    const { run, asked } = createCachedSchema({
      typeDefs: `
        scalar S
        input Door { codes: [S!]! }
        type Query { open(code: S, door: Door): String @cached(ttl: 60) }
      `,
      resolvers: (count) => ({
        S: Masked,
        Query: {
          open: (_source: never, args: { code?: string; door?: { codes: string[] } }) => {
            count("open");
            return `for ${args.code ?? args.door?.codes}`;
          },
        },
      }),
    });

    expect((await run('{ open(code: "alice") }')).data).toEqual({ open: "for alice" });
    expect((await run('{ open(code: "bob") }')).data).toEqual({ open: "for bob" });
    expect((await run('{ open(door: { codes: ["a", "b"] }) }')).data).toEqual({ open: "for a,b" });
    expect((await run('{ open(door: { codes: ["a", "c"] }) }')).data).toEqual({ open: "for a,c" });
    await run('{ open(code: "bob") }');

    expect(asked("open")).toBe(4);
  });

  class Zoned extends Date {
    zone = "";
  }

  test.each<[string, (wire: string) => object, (value: never) => string]>([
    [
      "a class of dates that tell more than their time",
      (wire) => Object.assign(new Zoned(0), { zone: wire }),
      ({ zone }: Zoned) => zone,
    ],
    [
      "a list with a property",
      (wire) => Object.assign([1], { unit: wire }),
      ({ unit }: { unit: string }) => unit,
    ],
    [
      "bytes with a property",
      (wire) => Object.assign(new Uint8Array(1), { unit: wire }),
      ({ unit }: { unit: string }) => unit,
    ],
  ])("keeps %s apart", async (_what, parse, text) => {
    const { run, asked, problems } = createCachedSchema({
      typeDefs: "scalar S  type Query { of(value: S!): String @cached(ttl: 60) }",
      resolvers: (count) => ({
        S: scalar(text, parse),
        Query: {
          of: (_source: never, { value }: { value: never }) => {
            count("of");
            return text(value);
          },
        },
      }),
    });
    for (const wire of ["kg", "lb", "kg"]) {
      expect((await run(`{ of(value: "${wire}") }`)).data).toEqual({ of: wire });
    }
    expect(asked("of")).toBe(2);
    expect(problems).toEqual([]);
  });

  test("that cannot be told apart is answered, not cached, and reported once", async () => {
    const { run, asked, problems } = createCachedSchema({
      typeDefs: "scalar S  type Query { open(code: S!): String @cached(ttl: 60) }",
      resolvers: (count) => ({
        S: scalar(
          () => "***",
          (wire: string) => new Secret(wire),
        ),
        Query: {
          open: (_source: never, { code }: { code: Secret }) => {
            count("open");
            return `for ${code.reveal()}`;
          },
        },
      }),
    });

    expect((await run('{ open(code: "alice") }')).data).toEqual({ open: "for alice" });
    expect((await run('{ open(code: "bob") }')).data).toEqual({ open: "for bob" });

    expect(asked("open")).toBe(2);
    expect(problems.map(({ message }) => message)).toEqual([
      "Query.open: the result is not cached, since its key or tags failed: " +
        "the scalar S parses to an object that shows nothing of what it holds.",
    ]);
  });
});
