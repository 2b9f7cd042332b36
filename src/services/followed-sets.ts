import { date, type SetGroup, type Storage, StorageUnavailableError } from "../storage/index.js";

/**
 * Sets of customers that PostgreSQL holds, followed in the storage: each is read there while it is known to be whole,
 * and taken over anew when it is not, since it was lost or may lack something.
 */
export interface FollowedSets {
  /** Reads from the sets; undefined when one of them does not exist, or its life is over. */
  read<T>(ids: readonly string[], read: (sets: SetGroup) => Promise<T>): Promise<T | undefined>;
  /** After a commit that added these. */
  added(
    id: string,
    members: readonly string[],
    change: { expiresAt: Date; isNew: boolean },
  ): Promise<void>;
}

export interface FollowedSetsOptions {
  storage: Storage;
  name: string;
  ttlSeconds: number;
  /** Until when the set lives; undefined when there is none. */
  expiryOf(id: string): Promise<Date | undefined>;
  /** Its members, in pages. */
  membersOf(id: string, page: { first: number; after: string | undefined }): Promise<string[]>;
  now: () => Date;
}

/** Whatever was missed, as a write lost in a failover, is so put right. */
const trustedSeconds = 600;
const pageSize = 1_000;

export function createFollowedSets(options: FollowedSetsOptions): FollowedSets {
  const { storage, name, ttlSeconds, expiryOf, membersOf, now } = options;
  const sets = storage.setGroup(name, { ttlSeconds, sliding: true });
  /** There as long as a set is known to be whole. */
  const marks = storage.hash(
    `${name}-whole`,
    { expiresAt: date() },
    { ttlSeconds: trustedSeconds },
  );
  /** What this process could not write: what is stored may lack it. */
  const behind = new Set<string>();

  async function takeOver(id: string): Promise<ReadonlySet<string>> {
    const taken = new Set<string>();
    for await (const members of pagesOf((page) => membersOf(id, page))) {
      await sets.add(id, members);
      for (const member of members) taken.add(member);
    }
    return taken;
  }

  /** Members of a life that is over are left where nobody could write that another had begun. */
  async function removeOthers(id: string, members: ReadonlySet<string>): Promise<void> {
    for await (const stored of pagesOf((page) => sets.page(id, page))) {
      const others = stored.filter((member) => !members.has(member));
      if (others.length > 0) await sets.remove(id, others);
    }
  }

  /** False when there is no such set. */
  async function makeWhole(id: string): Promise<boolean> {
    const mark = await marks.get(id);
    const lives = (expiresAt: Date | undefined) => expiresAt !== undefined && expiresAt > now();
    if (lives(mark?.expiresAt) && !behind.has(id) && (await sets.size(id)) > 0) return true;
    // One that ended may have begun anew, by a process that could not write it here.
    const expiresAt = await expiryOf(id);
    if (expiresAt === undefined || !lives(expiresAt)) return false;
    if (behind.has(id)) {
      // Now nobody believes it, whatever fails from here on, and what others ask meanwhile.
      await marks.delete(id);
      behind.delete(id);
    }
    await removeOthers(id, await takeOver(id));
    await marks.save(id, { expiresAt });
    // One that was committed after that reading, and recorded before the mark was there, is in neither.
    await takeOver(id);
    return true;
  }

  return {
    async read(ids, read) {
      const areThere = await Promise.all(ids.map(makeWhole));
      return areThere.every(Boolean) ? read(sets) : undefined;
    },
    async added(id, members, { expiresAt, isNew }) {
      try {
        if (isNew) {
          // What is stored is of the one before.
          await marks.delete(id);
          await sets.delete(id);
          // A reader may have taken over some of it in between, and marked it whole.
          await marks.delete(id);
        } else if (await marks.update(id, { expiresAt })) {
          // One that was lost meanwhile must not begin anew with these alone.
          await sets.add(id, members, { onlyIfExists: true });
        }
      } catch (error) {
        if (!(error instanceof StorageUnavailableError)) throw error;
        behind.add(id);
      }
    },
  };
}

/** All pages of what is read in pages, the last of them short or empty. */
async function* pagesOf(
  read: (page: { first: number; after: string | undefined }) => Promise<string[]>,
): AsyncGenerator<string[]> {
  let page: string[];
  let after: string | undefined;
  do {
    page = await read({ first: pageSize, after });
    yield page;
    after = page.at(-1);
  } while (page.length === pageSize);
}
