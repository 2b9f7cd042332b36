/**
 * Sets of text, each under an id of its own. Members are kept in the order of their UTF-8 bytes, so that a set, and
 * what is made of several, can be read in pages that follow each other however large they are.
 *
 * On a cluster sets of one group may lie on any nodes. What is made of several sets is read page by page and is no
 * snapshot: it misses nothing that is in it from the first page to the last.
 */
export interface SetGroup {
  /** Answers how many were new; undefined, and nothing is written, if `onlyIfExists` held it back. */
  add(
    id: string,
    members: readonly string[],
    options?: { onlyIfExists?: boolean },
  ): Promise<number | undefined>;
  /** Answers how many were members. */
  remove(id: string, members: readonly string[]): Promise<number>;
  /** In the order asked. */
  has(id: string, members: readonly string[]): Promise<boolean[]>;
  size(id: string): Promise<number>;
  page(id: string, page: MemberPage): Promise<string[]>;
  /** Those that are in every set. */
  intersection(ids: readonly string[], page: MemberPage): Promise<string[]>;
  /** Those that are in any set, each once. */
  union(ids: readonly string[], page: MemberPage): Promise<string[]>;
  /** Those of the first set that are in no other. */
  difference(ids: readonly string[], page: MemberPage): Promise<string[]>;
  /** How many there are of them. Reads all of them, a page at a time. */
  count(of: "intersection" | "union" | "difference", ids: readonly string[]): Promise<number>;
  /** False where there was none. */
  delete(id: string): Promise<boolean>;
}

export interface MemberPage {
  first: number;
  /** A member, or any text: those that come after it. */
  after?: string | null | undefined;
}

export interface SetGroupOptions {
  /** Seconds a set lives; for ever if absent. */
  ttlSeconds?: number;
  /** Whether each addition renews that life. Default false: it counts from the first. */
  sliding?: boolean;
}
