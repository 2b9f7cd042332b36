import type { ScoreRange } from "./sorted-set.js";

/**
 * The seam under the structures: text and numbers under keys. Each method is atomic.
 * A ttl is in whole milliseconds; undefined leaves a key's life as it is, or endless.
 */
export interface StorageDriver {
  hashes(name: string, indexes: HashIndexKinds): HashDriver;
  sortedSets(name: string, order: SortedSetOrder): SortedSetDriver;
  sets(name: string): SetDriver;
  counters(name: string): CounterDriver;
}

export type Fields = Map<string, string>;

/** By field. */
export type HashIndexKinds = ReadonlyMap<string, "index" | "unique">;

export interface HashDriver {
  /** Replaces the record. */
  write(
    id: string,
    fields: Fields,
    ttlMs: number | undefined,
    onlyIfAbsent: boolean,
  ): Promise<HashWriteReply>;
  read(id: string): Promise<Fields | undefined>;
  /** All steps or, where one is refused, none. */
  change(id: string, steps: readonly HashStep[], ttlMs?: number): Promise<HashReply>;
  delete(id: string): Promise<boolean>;
  /** By an index. */
  find(
    field: string,
    text: string,
    page: { first: number; after: string | undefined },
  ): Promise<[id: string, fields: Fields][]>;
}

export type HashWriteReply =
  | { status: "written" }
  /** `onlyIfAbsent` held it back. */
  | { status: "exists" }
  | { status: "refused"; reason: "notUnique"; field: string };

export type HashStep =
  /** Refuses the change unless the field's text is this; undefined: unless there is none. */
  | { step: "expect"; field: string; text: string | undefined }
  | { step: "set"; field: string; text: string }
  | { step: "remove"; field: string }
  | { step: "clear"; prefix: string }
  | { step: "add"; field: string; by: number }
  | { step: "raise"; field: string; to: number }
  | { step: "count"; prefix: string; member: string; by: number; max: number; maxMembers: number };

export type HashReply =
  | { status: "changed"; fields: Fields }
  | { status: "absent" }
  | { status: "refused"; reason: Refusal; field: string };

export type Refusal = "maxCount" | "maxMembers" | "notANumber" | "differs" | "notUnique";

/** Which end is the first, by score and then by the members' bytes. */
export type SortedSetOrder = "greatestFirst" | "leastFirst";

export interface SortedSetDriver {
  /** Answers the written members' scores, before trimming; undefined where `onlyIfExists` held it back. */
  write(
    id: string,
    scores: ReadonlyMap<string, number>,
    how: SortedSetChange,
  ): Promise<number[] | undefined>;
  range(id: string, offset: number, count: number): Promise<Scored[]>;
  /** Bounds included; infinite ones are none. */
  rangeByScore(id: string, range: Required<ScoreRange>): Promise<Scored[]>;
  pop(id: string, count: number): Promise<Scored[]>;
  rank(id: string, member: string): Promise<number | undefined>;
  scores(id: string, members: readonly string[]): Promise<(number | undefined)[]>;
  remove(id: string, members: readonly string[]): Promise<number>;
  /** Removes those that come after every member with that score. */
  removeAfter(id: string, score: number): Promise<number>;
  trim(id: string, size: number): Promise<number>;
  count(id: string): Promise<number>;
  delete(id: string): Promise<boolean>;
}

export type Scored = [member: string, score: number];

export interface SortedSetChange {
  /** "raise" moves members towards the first end alone; "replace" drops all other members first. */
  mode: "set" | "add" | "raise" | "increment" | "replace";
  onlyIfExists: boolean;
  trimTo: number | undefined;
  ttlMs: number | undefined;
  /** False: a life that has begun stays as it is. */
  renew: boolean;
}

/** Members in the order of their UTF-8 bytes. */
export interface SetDriver {
  /** Answers how many were new; undefined where `onlyIfExists` held it back. */
  add(
    id: string,
    members: readonly string[],
    how: { onlyIfExists: boolean; ttlMs: number | undefined; renew: boolean },
  ): Promise<number | undefined>;
  remove(id: string, members: readonly string[]): Promise<number>;
  has(id: string, members: readonly string[]): Promise<boolean[]>;
  size(id: string): Promise<number>;
  page(id: string, after: string | undefined, count: number): Promise<string[]>;
  delete(id: string): Promise<boolean>;
}

export interface CounterDriver {
  /** `ttlMs` counts from the first increment. */
  increment(id: string, by: number, ttlMs: number): Promise<[value: number, remainingMs: number]>;
  read(id: string): Promise<[value: number, remainingMs: number]>;
  delete(id: string): Promise<boolean>;
}

/** The largest number a count may reach: beyond it neither side is exact. */
export const maxSafeCount = Number.MAX_SAFE_INTEGER;
