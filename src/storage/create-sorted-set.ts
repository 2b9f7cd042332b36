import { checkId, checkScores, checkWhole, toTtlMs } from "./checks.js";
import type { SortedSetChange, SortedSetDriver } from "./driver.js";
import type { SortedSet, SortedSetOptions, SortedSetWrite } from "./sorted-set.js";

export function createSortedSet(driver: SortedSetDriver, options: SortedSetOptions): SortedSet {
  const id = options.id === undefined ? "" : checkId(options.id);
  const ttlMs = toTtlMs(options.ttlSeconds);
  const renew = options.sliding ?? false;

  async function write(
    mode: SortedSetChange["mode"],
    scores: ReadonlyMap<string, number>,
    { onlyIfExists = false, trimTo }: SortedSetWrite = {},
  ): Promise<number[] | undefined> {
    checkScores(scores);
    if (trimTo !== undefined) checkWhole("trimTo", trimTo, 0);
    return driver.write(id, scores, {
      mode,
      onlyIfExists,
      trimTo,
      ttlMs,
      renew: renew || mode === "replace",
    });
  }

  return {
    increment: async (member, by = 1, how) =>
      (await write("increment", new Map([[member, by]]), how))?.[0],
    set: async (scores, how) => (await write("set", scores, how)) !== undefined,
    raise: async (scores, how) => (await write("raise", scores, how)) !== undefined,
    async replaceAll(scores, how) {
      await write("replace", scores, how);
    },
    async top(count) {
      const members = await driver.top(id, checkWhole("A count", count, 0));
      return members.map(([member, score]) => ({ member, score }));
    },
    scores: async (members) => (members.length === 0 ? [] : driver.scores(id, members)),
    remove: async (members) => (members.length === 0 ? 0 : driver.remove(id, members)),
    async removeBelow(score) {
      checkScores(new Map([["removeBelow", score]]));
      return driver.removeBelow(id, score);
    },
    trim: async (size) => driver.trim(id, checkWhole("A size", size, 0)),
    count: () => driver.count(id),
    delete: () => driver.delete(id),
  };
}
