import type { Scored, SortedSetOrder } from "../driver.js";
import { byBytes } from "../utf8.js";

/** The members of one sorted set, kept in order: each write finds its place by halves. */
export interface OrderedMembers {
  readonly size: number;
  get(member: string): number | undefined;
  set(member: string, score: number): void;
  delete(member: string): boolean;
  /** How many come before the member, which must be one. */
  rank(member: string): number;
  /** How many come before, or at, a member of that name and score, whether there is one or not. */
  placeAfter(member: string, score: number): number;
  /** As of an array. */
  slice(from: number, to?: number): Scored[];
  /** Takes out all from there on, or so many. Answers with them. */
  splice(from: number, count?: number): Scored[];
  filter(test: (score: number) => boolean): Scored[];
}

export function createOrderedMembers(order: SortedSetOrder): OrderedMembers {
  const scores = new Map<string, number>();
  const sorted: Scored[] = [];
  const sign = order === "greatestFirst" ? -1 : 1;

  /** Where the member stands, or would stand. */
  function placeOf(member: string, score: number): number {
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const [other, otherScore] = sorted[middle]!;
      const comes = otherScore - score || byBytes(other, member);
      if (sign * comes < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  function remove(member: string): boolean {
    const score = scores.get(member);
    if (score === undefined) return false;
    sorted.splice(placeOf(member, score), 1);
    return scores.delete(member);
  }

  return {
    get size() {
      return scores.size;
    },
    get: (member) => scores.get(member),
    set(member, score) {
      if (scores.get(member) === score) return;
      remove(member);
      sorted.splice(placeOf(member, score), 0, [member, score]);
      scores.set(member, score);
    },
    delete: remove,
    rank: (member) => placeOf(member, scores.get(member) ?? 0),
    placeAfter(member, score) {
      const place = placeOf(member, score);
      const [at, atScore] = sorted[place] ?? [];
      return at === member && atScore === score ? place + 1 : place;
    },
    slice: (from, to) => sorted.slice(from, to),
    splice(from, count = sorted.length) {
      const taken = sorted.splice(from, count);
      for (const [member] of taken) scores.delete(member);
      return taken;
    },
    filter: (test) => sorted.filter(([, score]) => test(score)),
  };
}
