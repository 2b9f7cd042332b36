import type { Counter, CounterOptions } from "./counter.js";
import type { HashSchema } from "./fields.js";
import type { HashOptions, HashRecord } from "./hash-record.js";
import type { SetGroup, SetGroupOptions } from "./set-group.js";
import type { SortedSet, SortedSetOptions } from "./sorted-set.js";

/**
 * Named structures, on Redis or in this process, with the same behaviour. Every operation is atomic and touches
 * one key, so it runs on a cluster as it is; of sets that are read together, each by itself.
 *
 * Names are lower-case words joined by `-`, one structure each: `hash("session", …)`.
 * A write of more than 50,000 members or fields is refused; `scores`, `has`, `remove` and a set's `add` take any number,
 * and go in parts, each of them atomic.
 * Every operation rejects with `StorageUnavailableError` when the server is out of reach.
 */
export interface Storage {
  hash<const Schema extends HashSchema>(
    name: string,
    schema: Schema,
    options?: HashOptions<Schema>,
  ): HashRecord<Schema>;
  sortedSet(name: string, options?: SortedSetOptions): SortedSet;
  setGroup(name: string, options?: SetGroupOptions): SetGroup;
  counter(name: string, options: CounterOptions): Counter;
}
