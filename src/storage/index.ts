export type { Counter, CounterOptions, CounterReading } from "./counter.js";
export * from "./errors.js";
export {
  type CountsField,
  counts,
  date,
  type Field,
  type HashSchema,
  type IntegerField,
  integer,
  json,
  type OptionalField,
  oneOf,
  optional,
  packed,
  text,
  type ValueField,
} from "./fields.js";
export type {
  CountsChange,
  FoundRecord,
  HashChange,
  HashIndexes,
  HashInput,
  HashOptions,
  HashRecord,
  HashUpdate,
  HashValues,
} from "./hash-record.js";
export { createMemoryStorage, type MemoryStorageOptions } from "./memory/memory-storage.js";
export { createRedisStorage, type RedisStorageOptions } from "./redis/redis-storage.js";
export type { MemberPage, SetGroup, SetGroupOptions } from "./set-group.js";
export type {
  ScoredMember,
  ScoreRange,
  SortedSet,
  SortedSetOptions,
  SortedSetWrite,
} from "./sorted-set.js";
export type { Storage } from "./storage.js";
