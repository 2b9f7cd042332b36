export { createCache } from "./cache.js";
export * from "./errors.js";
export type { CacheEvent, CacheListener, RefusalReason } from "./events.js";
export type { Position } from "./position.js";
export { tag } from "./tag.js";
export type {
  BreakerHealth,
  Cache,
  CacheHealth,
  CacheOptions,
  CacheStats,
  EntryOptions,
  Eviction,
  Load,
  LoadContext,
  LoadMany,
  LoadManyContext,
  LockContext,
  LockOptions,
  Lookup,
  LookupStatus,
  NearLookup,
  NearOptions,
  Serializer,
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
