/**
 * Members with scores. Order is by score, the greatest first; equal scores by the members' UTF-8 bytes,
 * the greatest first ("b" before "a") unless `ties` says otherwise.
 */
export interface SortedSet {
  /** Answers the new score. */
  increment(member: string, by?: number, options?: SortedSetWrite): Promise<number | undefined>;
  /** Gives each member its score. Answers false, and nothing is written, if `onlyIfExists` held it back. */
  set(scores: ReadonlyMap<string, number>, options?: SortedSetWrite): Promise<boolean>;
  /** As `set`, but leaves who is a member already as it is. */
  add(scores: ReadonlyMap<string, number>, options?: SortedSetWrite): Promise<boolean>;
  /** As `set`, but leaves a greater score as it is: figures that only grow may so be written late, twice or out of order. */
  raise(scores: ReadonlyMap<string, number>, options?: SortedSetWrite): Promise<boolean>;
  /** These members instead of all that were there, in one step, with a whole life before them. */
  replaceAll(scores: ReadonlyMap<string, number>, options?: { trimTo?: number }): Promise<void>;
  /** The first `count`. */
  top(count: number): Promise<ScoredMember[]>;
  /** `count` of them after the first `offset`. */
  range(page: { offset: number; count: number }): Promise<ScoredMember[]>;
  /** As `range`, of those whose score is from `min` to `max`; without a bound, from or to the end. */
  rangeByScore(page: ScoreRange): Promise<ScoredMember[]>;
  /** Takes the first `count` out, in one step: no two callers are given the same one. */
  pop(count?: number): Promise<ScoredMember[]>;
  /** How many come before the member; undefined for who is none. */
  rank(member: string): Promise<number | undefined>;
  /** In the order asked; undefined for who is no member. */
  scores(members: readonly string[]): Promise<(number | undefined)[]>;
  /** Answers how many were members. */
  remove(members: readonly string[]): Promise<number>;
  /** Removes every member whose score is less. Answers how many. */
  removeBelow(score: number): Promise<number>;
  /** Keeps the first `size`. Answers how many went. */
  trim(size: number): Promise<number>;
  count(): Promise<number>;
  /** False where there was nothing. */
  delete(): Promise<boolean>;
}

export interface ScoredMember {
  member: string;
  score: number;
}

export interface ScoreRange {
  min?: number;
  max?: number;
  /** Default 0. */
  offset?: number;
  count: number;
}

export interface SortedSetWrite {
  /** Write nothing where the set has no members. Default false. */
  onlyIfExists?: boolean;
  /** Keep only the first so many afterwards. */
  trimTo?: number;
}

export interface SortedSetOptions {
  /** Tells sets of one name apart, as one for each customer. */
  id?: string;
  /**
   * The order of equal scores, by their members' UTF-8 bytes: "ascending" has "a" before "b". Default "descending".
   * Keep to one of them: sets with the one are stored otherwise than with the other.
   */
  ties?: "descending" | "ascending";
  /** Seconds the set lives; for ever if absent. */
  ttlSeconds?: number;
  /** Whether each write renews that life. Default false: it counts from the first write. */
  sliding?: boolean;
}
