import {
  checkBounds,
  checkId,
  checkMember,
  checkOptionNames,
  checkScores,
  checkSize,
  checkWhole,
  toTtlMs,
} from "./checks.js";
import { chunks } from "./chunks.js";
import type { Scored, SortedSetChange, SortedSetDriver, SortedSetOrder } from "./driver.js";
import type { ScoredMember, SortedSet, SortedSetOptions, SortedSetWrite } from "./sorted-set.js";

/**
 * Redis orders equal scores as it orders scores: both from the least, or both from the greatest. The greatest score
 * first with the least member first is therefore kept as the least of the negated scores first.
 */
export function orderOf({ ties }: SortedSetOptions): SortedSetOrder {
  return ties === "ascending" ? "leastFirst" : "greatestFirst";
}

const KNOWN: Readonly<Record<keyof SortedSetOptions, true>> = {
  id: true,
  ties: true,
  ttlSeconds: true,
  sliding: true,
};

export function createSortedSet(driver: SortedSetDriver, options: SortedSetOptions): SortedSet {
  checkOptionNames("A sorted set", options, KNOWN);
  const id = options.id === undefined ? "" : checkId(options.id);
  const ttlMs = toTtlMs(options.ttlSeconds);
  const renew = options.sliding ?? false;
  const isNegated = orderOf(options) === "leastFirst";
  /** Its own inverse; never -0, which one of Redis and this process would keep, and the other not. */
  const stored = (score: number) => (isNegated ? 0 - score : 0 + score);
  const toMembers = (scored: Scored[]): ScoredMember[] =>
    scored.map(([member, score]) => ({ member, score: stored(score) }));

  async function write(
    mode: SortedSetChange["mode"],
    scores: ReadonlyMap<string, number>,
    { onlyIfExists = false, trimTo }: SortedSetWrite = {},
  ): Promise<number[] | undefined> {
    checkSize("A write of a sorted set", scores.size);
    checkScores(scores);
    if (trimTo !== undefined) checkWhole("trimTo", trimTo, 0);
    const given = new Map([...scores].map(([member, score]) => [member, stored(score)]));
    const written = await driver.write(id, given, {
      mode,
      onlyIfExists,
      trimTo,
      ttlMs,
      renew,
    });
    return written?.map(stored);
  }

  return {
    increment: async (member, by = 1, how) =>
      (await write("increment", new Map([[member, by]]), how))?.[0],
    set: async (scores, how) => (await write("set", scores, how)) !== undefined,
    add: async (scores, how) => (await write("add", scores, how)) !== undefined,
    raise: async (scores, how) => (await write("raise", scores, how)) !== undefined,
    async replaceAll(scores, how) {
      await write("replace", scores, how);
    },
    top: async (count) => toMembers(await driver.range(id, 0, checkWhole("A count", count, 0))),
    range: async ({ offset, count }) =>
      toMembers(
        await driver.range(id, checkWhole("An offset", offset, 0), checkWhole("A count", count, 0)),
      ),
    async rangeByScore({ min = -Infinity, max = Infinity, offset = 0, count }) {
      checkWhole("An offset", offset, 0);
      checkWhole("A count", count, 0);
      checkBounds(min, max);
      const bounds = isNegated ? { min: -max, max: -min } : { min, max };
      return toMembers(await driver.rangeByScore(id, { ...bounds, offset, count }));
    },
    pop: async (count = 1) => toMembers(await driver.pop(id, checkWhole("A count", count, 0))),
    rank: async (member) => driver.rank(id, checkMember(member)),
    async scores(members) {
      const found: (number | undefined)[] = [];
      for (const chunk of chunks(members.map(checkMember)))
        found.push(...(await driver.scores(id, chunk)));
      return found.map((score) => (score === undefined ? undefined : stored(score)));
    },
    async remove(members) {
      let removed = 0;
      for (const chunk of chunks(members.map(checkMember)))
        removed += await driver.remove(id, chunk);
      return removed;
    },
    async removeBelow(score) {
      checkScores(new Map([["removeBelow", score]]));
      return driver.removeAfter(id, stored(score));
    },
    trim: async (size) => driver.trim(id, checkWhole("A size", size, 0)),
    count: () => driver.count(id),
    delete: () => driver.delete(id),
  };
}
