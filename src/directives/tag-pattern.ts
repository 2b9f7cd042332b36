import { type ParsedTemplate, parseTemplate } from "../cache/tag.js";

/** A template as a row of characters, where null stands for any value. */
type Pattern = readonly (string | null)[];

/** What an escaped value may consist of. */
const IN_VALUE = /^[A-Za-z0-9_.~%-]$/;

/** Whether some tag fits both templates: `order:{result.id}` and `order:{args.id}` meet, `order:{result.id}` and `orders` don't. */
export function canMeet(a: ParsedTemplate, b: ParsedTemplate): boolean {
  const left = patternOf(a);
  const right = patternOf(b);
  const seen = new Set<number>();
  return meet(0, 0);

  function meet(i: number, j: number): boolean {
    const place = i * (right.length + 1) + j;
    if (seen.has(place)) return false;
    seen.add(place);
    if (i === left.length && j === right.length) return true;
    const x = left[i];
    const y = right[j];
    // A value may be empty, end, or take in one more character of the other side.
    if (x === null && (meet(i + 1, j) || (isInValue(y) && meet(i, j + 1)))) return true;
    if (y === null && (meet(i, j + 1) || (isInValue(x) && meet(i + 1, j)))) return true;
    return typeof x === "string" && x === y && meet(i + 1, j + 1);
  }
}

/** Tags of this shape are given to every PRIVATE entry. */
export const viewerTag = parseTemplate("viewer:{viewer}");

function isInValue(character: string | null | undefined): boolean {
  return character === null || (typeof character === "string" && IN_VALUE.test(character));
}

function patternOf({ literals }: ParsedTemplate): Pattern {
  return literals.flatMap((literal, index) => (index === 0 ? [...literal] : [null, ...literal]));
}
