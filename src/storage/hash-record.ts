import type { Field, HashSchema } from "./fields.js";

/** A family of records of one shape, each a Redis hash under an id of its own. */
export interface HashRecord<Schema extends HashSchema> {
  /**
   * Writes a whole record, in place of what was there, with a whole life before it.
   * @throws NotUniqueError
   */
  save(id: string, values: HashInput<Schema>): Promise<void>;
  /** As `save`, but does nothing and answers false where a record with that id exists. @throws NotUniqueError */
  create(id: string, values: HashInput<Schema>): Promise<boolean>;
  /** Does not renew the record's life: `touch` does. */
  get(id: string): Promise<HashValues<Schema> | undefined>;
  /**
   * Writes the given fields only, and answers with the record as it is then; undefined, and nothing written, without one.
   * @throws NotUniqueError
   */
  update(id: string, values: HashUpdate<Schema>): Promise<HashValues<Schema> | undefined>;
  /** As `update`, for an integer field, without reading it first. */
  increment(
    id: string,
    field: KeysOfKind<Schema, "integer">,
    by?: number,
  ): Promise<HashValues<Schema> | undefined>;
  /**
   * All of the change in one step, or none of it. Answers as `update`.
   * @throws CountLimitError, ChangedMeanwhileError, NotUniqueError
   */
  change(id: string, change: HashChange<Schema>): Promise<HashValues<Schema> | undefined>;
  /** Reads the record and, if its life is sliding, renews that. */
  touch(id: string): Promise<HashValues<Schema> | undefined>;
  /**
   * Records whose field has that value, compared as it is stored, by their ids' UTF-8 bytes. The field must have an
   * index. `first` is 100 if absent and 1,000 at the most; `after` is an id, or any text: those that come after it.
   */
  find<K extends IndexableKey<Schema>>(
    field: K,
    value: ValueOf<Schema[K]>,
    page?: { first?: number; after?: string | null | undefined },
  ): Promise<FoundRecord<Schema>[]>;
  /** False where there was none. */
  delete(id: string): Promise<boolean>;
}

export interface FoundRecord<Schema extends HashSchema> {
  id: string;
  values: HashValues<Schema>;
}

/** "unique": no two records have one value of the field, and the second to be written is refused. */
export type HashIndexes<Schema extends HashSchema> = {
  readonly [K in IndexableKey<Schema>]?: "index" | "unique";
};

export interface HashOptions<Schema extends HashSchema = HashSchema> {
  /**
   * Fields to find records by. Records and indexes are written in one step, for which they all live in one slot of a
   * cluster, under keys of their own: an index given to a family, or taken from it, leaves earlier records behind.
   */
  indexes?: HashIndexes<Schema>;
  /** Seconds a record lives; for ever if absent. */
  ttlSeconds?: number;
  /** Whether each change, and `touch`, renews that life. Default false: it counts from `save` or `create`. */
  sliding?: boolean;
}

export interface HashChange<Schema extends HashSchema> {
  /** Write nothing unless these fields have these values, compared as they are stored; undefined: unless it is absent. */
  onlyIf?: HashUpdate<Schema>;
  set?: HashUpdate<Schema>;
  increment?: { readonly [K in KeysOfKind<Schema, "integer">]?: number };
  counts?: { readonly [K in KeysOfKind<Schema, "counts">]?: CountsChange };
}

/** Done in this order: clear, remove, add, raise. */
export interface CountsChange {
  clear?: boolean;
  remove?: readonly string[];
  /** What to add to each member's count; may be negative. */
  add?: ReadonlyMap<string, number>;
  /**
   * What each member's count is to be at least: a greater one stays, so figures that only grow may be written late,
   * twice or out of order. No limit holds here.
   */
  raise?: ReadonlyMap<string, number>;
  /** No addition may lift a count above it. */
  maxCount?: number;
  /** No addition may bring in a member beyond so many. */
  maxMembers?: number;
}

type KeysOfKind<Schema extends HashSchema, Kind extends Field["kind"]> = {
  [K in keyof Schema]: Schema[K]["kind"] extends Kind ? K : never;
}[keyof Schema] &
  string;

type IndexableKey<Schema extends HashSchema> = KeysOfKind<Schema, "value" | "optional" | "integer">;

type ValueOf<F extends Field> = F extends { decode(text: string): infer T }
  ? T
  : ReadonlyMap<string, number>;

type Given<Schema extends HashSchema, Kind extends Field["kind"]> = {
  [K in KeysOfKind<Schema, Kind>]: ValueOf<Schema[K]>;
};
type Maybe<T> = { [K in keyof T]?: T[K] | undefined };
type Plain<T> = { [K in keyof T]: T[K] };

/** A record as it is read. */
export type HashValues<Schema extends HashSchema> = Plain<
  Given<Schema, "value" | "integer" | "counts"> & Maybe<Given<Schema, "optional">>
>;
/** A record as it is saved: counts may be left out. */
export type HashInput<Schema extends HashSchema> = Plain<
  Given<Schema, "value" | "integer"> & Maybe<Given<Schema, "optional" | "counts">>
>;
/** Some fields: what is left out stays, and undefined removes an optional field. */
export type HashUpdate<Schema extends HashSchema> = Plain<
  Partial<Given<Schema, "value" | "integer">> & Maybe<Given<Schema, "optional">>
>;
