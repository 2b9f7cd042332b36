export { createCache } from "./cache.js";
export type { CacheOptions, NearOptions, Serializer } from "./cache-options.js";
export * from "./errors.js";
export type { CacheEvent, CacheListener, RefusalReason } from "./events.js";
export type { BreakerHealth, CacheHealth } from "./health.js";
export type { LockContext, LockOptions } from "./lock.js";
export type { Position } from "./position.js";
export type { RedisClient } from "./redis/client.js";
export type { CacheStats } from "./reporter.js";
export { type TagValue, tag } from "./tag.js";
export type {
  Cache,
  EntryOptions,
  Eviction,
  Load,
  LoadContext,
  LoadMany,
  LoadManyContext,
  Lookup,
  LookupStatus,
  NearLookup,
  Write,
  WriteContext,
} from "./types.js";
export type {
  BehindWrite,
  DeadLetter,
  PutReceipt,
  WriteBehind,
  WriteBehindHealth,
  WriteBehindOptions,
  WriteResults,
} from "./write-behind/types.js";
