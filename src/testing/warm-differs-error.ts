import { inspect } from "node:util";
import { CachedError } from "../cache/errors.js";

/** One place in which the cache answered otherwise than the resolvers. */
export interface Difference {
  /** The response path, list indexes included. */
  readonly path: readonly (string | number)[];
  /** The field at that path, as `MenuItem.price`. */
  readonly coordinate: string;
  /** The cached field whose entry, or load, the answer came from; undefined where none lies on the path. */
  readonly cachedAt: string | undefined;
  /** What the plain schema answered, and what it answered when it was asked again after the difference was seen. */
  readonly plain: unknown;
  readonly plainAgain: unknown;
  /** What the first run with the cache answered, and what the second did; absent where it was not run any more. */
  readonly cold: unknown;
  readonly warm?: unknown;
}

const SHOWN = 5;

/**
 * An answer from the cache that is not the resolvers'. Test runners show `actual` and `expected` as they do an
 * AssertionError's.
 */
export class WarmDiffersError extends CachedError {
  readonly code = "E_WARM_DIFFERS";
  readonly actual: unknown;
  readonly expected: unknown;
  readonly operator = "warmEqualsCold";
  readonly showDiff = true;

  constructor(
    /** The operation's text, and after which mutation it was asked. */
    readonly operation: string,
    readonly differences: readonly Difference[],
    answers: { actual: unknown; expected: unknown },
  ) {
    super(messageOf(operation, differences), {
      ...(differences[0] && { coordinate: differences[0].coordinate }),
    });
    this.actual = answers.actual;
    this.expected = answers.expected;
  }
}

function messageOf(operation: string, differences: readonly Difference[]): string {
  const count = differences.length === 1 ? "in one place" : `in ${differences.length} places`;
  const shown = differences.slice(0, SHOWN).map(describe);
  return [
    `The cache must answer as the resolvers do, but differs ${count}.`,
    ...shown,
    ...(differences.length > SHOWN ? [`… and ${differences.length - SHOWN} more`] : []),
    "The operation:",
    operation,
  ].join("\n\n");
}

function describe(difference: Difference): string {
  const { path, coordinate, cachedAt, plain, plainAgain, cold } = difference;
  const lines = [
    `${coordinate} at ${pathText(path)}`,
    `  without cache  ${show(plain)}`,
    `  cold           ${show(cold)}`,
    ...("warm" in difference ? [`  warm           ${show(difference.warm)}`] : []),
  ];
  if (show(plain) !== show(plainAgain)) {
    lines.push(
      `  Asked again, the resolvers answered ${show(plainAgain)}: what they read must not change by itself.`,
    );
  }
  lines.push(cachedAt ? `  It came through ${cachedAt}.` : "  No cached field lies on its path.");
  return lines.join("\n");
}

/** As `menu[0].sizes`. */
export function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return "the root";
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .replace(/^\./, "");
}

function show(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: 100, maxStringLength: 200, maxArrayLength: 20 });
}
