import { GraphQLScalarType, Kind } from "graphql";

/** What an amount may be at most, in cents: ten million units, far above any price or order. */
const MAX_CENTS = 1_000_000_000n;

const PATTERN = /^(\d{1,8})(?:\.(\d{1,2}))?$/;

/**
 * Reads "12.75", "12.5" or "12" into cents.
 * @throws RangeError for anything else: signs, exponents, more decimals, more than 10000000.00
 */
export function parseMoney(text: string): bigint {
  const match = PATTERN.exec(text);
  const cents = match && BigInt(match[1]! + (match[2] ?? "").padEnd(2, "0"));
  if (cents === null || cents > MAX_CENTS) {
    throw new RangeError(
      `Money must be an amount from 0 to 10000000.00 with at most two decimals, as "12.75", but ${JSON.stringify(text)} came`,
    );
  }
  return cents;
}

/** Writes cents as units with two decimals: 1275n is "12.75". */
export function formatMoney(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
  return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Text on the wire; a bigint of cents inside. A number is refused: a float is no amount. */
export const MoneyScalar = new GraphQLScalarType<bigint, string>({
  name: "Money",
  serialize: (value) => {
    if (typeof value === "bigint") return formatMoney(value);
    throw new TypeError(`Money must be a bigint of cents inside, but a ${typeof value} came`);
  },
  parseValue: (value) => parse(value),
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
});

function parse(value: unknown): bigint {
  if (typeof value === "string") return parseMoney(value);
  throw new TypeError('Money must be a string, as "12.75"');
}
