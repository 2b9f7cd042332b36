import {
  checkId,
  checkMembers,
  checkOptionNames,
  checkPage,
  checkWhole,
  toTtlMs,
} from "./checks.js";
import { chunkSize, chunks } from "./chunks.js";
import type { SetDriver } from "./driver.js";
import type { MemberPage, SetGroup, SetGroupOptions } from "./set-group.js";
import { byBytes } from "./utf8.js";

type Page = { first: number; after: string | undefined };
type Read = (ids: readonly string[], page: Page) => Promise<string[]>;

const KNOWN: Readonly<Record<keyof SetGroupOptions, true>> = {
  ttlSeconds: true,
  sliding: true,
};

export function createSetGroup(driver: SetDriver, options: SetGroupOptions): SetGroup {
  checkOptionNames("A group of sets", options, KNOWN);
  const ttlMs = toTtlMs(options.ttlSeconds);
  const renew = options.sliding ?? false;

  /** Of the set that leads, those that pass. What is read of the others is asked for by name. */
  async function filtered(
    lead: string,
    { first, after }: Page,
    passes: (members: string[]) => Promise<string[]>,
  ): Promise<string[]> {
    const found: string[] = [];
    let last = after;
    while (found.length < first) {
      const members = await driver.page(lead, last, chunkSize);
      found.push(...(await passes(members)));
      if (members.length < chunkSize) break;
      last = members.at(-1);
    }
    return found.slice(0, first);
  }

  async function among(id: string, members: string[], wanted: boolean): Promise<string[]> {
    if (members.length === 0) return [];
    const has = await driver.has(id, members);
    return members.filter((_member, i) => has[i] === wanted);
  }

  const reads: Record<"intersection" | "union" | "difference", Read> = {
    async intersection(ids, page) {
      const sizes = await Promise.all(ids.map((id) => driver.size(id)));
      const smallestFirst = ids
        .map((id, i) => ({ id, size: sizes[i] ?? 0 }))
        .sort((a, b) => a.size - b.size);
      const [lead, ...others] = smallestFirst;
      if (lead === undefined || lead.size === 0) return [];
      return filtered(lead.id, page, async (members) => {
        let left = members;
        for (const { id } of others) left = await among(id, left, true);
        return left;
      });
    },
    async union(ids, { first, after }) {
      // The first of all are among the first of each.
      const pages = await Promise.all(ids.map((id) => driver.page(id, after, first)));
      return [...new Set(pages.flat())].sort(byBytes).slice(0, first);
    },
    async difference([lead, ...others], page) {
      if (lead === undefined) return [];
      return filtered(lead, page, async (members) => {
        let left = members;
        for (const id of others) left = await among(id, left, false);
        return left;
      });
    },
  };

  const checkedRead =
    (read: Read) =>
    async (ids: readonly string[], page: MemberPage): Promise<string[]> =>
      read(unique(ids.map(checkId)), toPage(page));

  return {
    async add(id, members, { onlyIfExists = false } = {}) {
      checkMembers(members);
      let added = 0;
      for (const chunk of chunks(members)) {
        const some = await driver.add(checkId(id), chunk, { onlyIfExists, ttlMs, renew });
        if (some === undefined) return undefined;
        added += some;
      }
      return added;
    },
    async remove(id, members) {
      let removed = 0;
      for (const chunk of chunks(checkMembers(members))) {
        removed += await driver.remove(checkId(id), chunk);
      }
      return removed;
    },
    async has(id, members) {
      const found: boolean[] = [];
      for (const chunk of chunks(checkMembers(members))) {
        found.push(...(await driver.has(checkId(id), chunk)));
      }
      return found;
    },
    size: async (id) => driver.size(checkId(id)),
    async page(id, page) {
      const { first, after } = toPage(page);
      return driver.page(checkId(id), after, first);
    },
    intersection: checkedRead(reads.intersection),
    union: checkedRead(reads.union),
    difference: checkedRead(reads.difference),
    async count(of, ids) {
      const asked = unique(ids.map(checkId));
      let count = 0;
      for (let after: string | undefined; ; ) {
        const members = await reads[of](asked, { first: chunkSize, after });
        count += members.length;
        if (members.length < chunkSize) return count;
        after = members.at(-1);
      }
    },
    delete: async (id) => driver.delete(checkId(id)),
  };
}

/** Each once, but for the first: a set without itself has nothing. */
function unique([lead, ...others]: readonly string[]): string[] {
  return lead === undefined ? [] : [lead, ...new Set(others)];
}

function toPage({ first, after }: MemberPage): Page {
  checkPage(after);
  return { first: checkWhole("first", first, 1), after: after ?? undefined };
}
