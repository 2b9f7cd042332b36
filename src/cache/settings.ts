import type { CacheOptions, NearOptions, Serializer } from "./cache-options.js";
import {
  checkOptionNames,
  integer,
  milliseconds,
  windowMs,
  within,
  wrong,
} from "./check-values.js";
import type { CacheListener } from "./events.js";
import type { LockOptions } from "./lock.js";
import type { NearSettings } from "./near-cache.js";
import type { RedisClient } from "./redis/client.js";

/** The options with their defaults, checked once; no later step reads raw options. */
export interface Settings {
  readonly redis: RedisClient | undefined;
  readonly prefix: string;
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** undefined: there is no near cache. */
  readonly near: NearSettings | undefined;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly loadTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly earlyRefresh: number;
  readonly ttlJitter: number;
  readonly maxConcurrentLoads: number;
  readonly maxValueBytes: number;
  readonly compressAboveBytes: number;
  readonly waitReplicas: number;
  readonly onOutage: "origin" | "throw";
  readonly breakerOpenMs: number;
  readonly serializer: Serializer | undefined;
  readonly onEvent: CacheListener | undefined;
}

const MIB = 1024 * 1024;
/** Room for the names of all is made at once. */
const MOST_ENTRIES = 10_000_000;
const KNOWN: Readonly<Record<keyof CacheOptions, true>> = {
  redis: true,
  prefix: true,
  memory: true,
  near: true,
  leaseSeconds: true,
  waitSeconds: true,
  loadTimeoutSeconds: true,
  commandTimeoutMs: true,
  earlyRefresh: true,
  ttlJitter: true,
  maxConcurrentLoads: true,
  maxValueBytes: true,
  compressAboveBytes: true,
  waitReplicas: true,
  onOutage: true,
  breaker: true,
  serializer: true,
  onEvent: true,
};

/** @throws InvalidOptionError naming the option, what must hold and what came. */
export function resolveSettings(options: CacheOptions): Settings {
  checkOptionNames("createCache", options, KNOWN);
  const prefix = options.prefix ?? "cached:";
  if (typeof prefix !== "string" || !PREFIX.test(prefix) || !prefix.isWellFormed()) {
    throw wrong(
      "prefix",
      "a non-empty, well-formed string, with no braces but one pair, as clear() and clusters need it",
      prefix,
    );
  }
  checkRedis(options.redis);
  if (options.memory !== undefined) {
    checkGroup("memory", options.memory, { maxEntries: true, maxBytes: true });
  }
  if (options.onEvent !== undefined && typeof options.onEvent !== "function") {
    throw wrong("onEvent", "a function", options.onEvent);
  }
  checkSerializer(options.serializer);
  if (options.breaker !== undefined) checkGroup("breaker", options.breaker, { openMs: true });
  const maxBytes = integer("memory.maxBytes", options.memory?.maxBytes ?? 64 * MIB, 1);
  const maxValueBytes = integer("maxValueBytes", options.maxValueBytes ?? MIB, 1);
  const onOutage = options.onOutage ?? "origin";
  if (onOutage !== "origin" && onOutage !== "throw") {
    throw wrong("onOutage", '"origin" or "throw"', onOutage);
  }
  return Object.freeze({
    redis: options.redis,
    prefix,
    maxEntries: integer("memory.maxEntries", options.memory?.maxEntries ?? 10_000, 1, MOST_ENTRIES),
    maxBytes,
    near: nearSettings(options.near ?? false),
    leaseMs: milliseconds("leaseSeconds", options.leaseSeconds ?? 10),
    waitMs: milliseconds("waitSeconds", options.waitSeconds ?? 5),
    loadTimeoutMs: milliseconds("loadTimeoutSeconds", options.loadTimeoutSeconds ?? 30),
    commandTimeoutMs: within("commandTimeoutMs", options.commandTimeoutMs ?? 100, 1, 60_000),
    earlyRefresh: within("earlyRefresh", options.earlyRefresh ?? 1, 0, 100),
    ttlJitter: within("ttlJitter", options.ttlJitter ?? 0.1, 0, 0.9),
    maxConcurrentLoads: integer("maxConcurrentLoads", options.maxConcurrentLoads ?? 64, 1),
    maxValueBytes: options.redis ? maxValueBytes : Math.min(maxValueBytes, maxBytes),
    compressAboveBytes: compressAboveBytes(options.compressAboveBytes ?? 4096),
    waitReplicas: integer("waitReplicas", options.waitReplicas ?? 0, 0),
    onOutage,
    breakerOpenMs: within("breaker.openMs", options.breaker?.openMs ?? 200, 1, 60_000),
    serializer: options.serializer,
    onEvent: options.onEvent,
  });
}

/** A hash tag of the user's own puts all keys into one slot; half a one would tear a tag's keys apart. */
const PREFIX = /^[^{}]+$|^[^{}]*\{[^{}]+\}[^{}]*$/;

function checkRedis(redis: unknown): void {
  const client = redis as { duplicate?: unknown; isCluster?: unknown } | undefined;
  if (redis === undefined) return;
  if (typeof client?.duplicate !== "function" || typeof client.isCluster !== "boolean") {
    throw wrong("redis", "an ioredis client (Redis or Cluster)", redis);
  }
}

function nearSettings(near: NearOptions | false): NearSettings | undefined {
  if (near === false) return undefined;
  checkGroup("near", near, { maxEntries: true, maxBytes: true, maxAgeSeconds: true });
  return {
    maxEntries: integer("near.maxEntries", near.maxEntries ?? 1000, 1, MOST_ENTRIES),
    maxBytes: integer("near.maxBytes", near.maxBytes ?? 16 * MIB, 1),
    maxAgeMs: milliseconds("near.maxAgeSeconds", near.maxAgeSeconds ?? 5),
  };
}

/** An option that holds options. */
function checkGroup(option: string, given: object, known: Readonly<Record<string, true>>): void {
  checkOptionNames(option, given, known, option);
}

function checkSerializer(serializer: Partial<Serializer> | null | undefined): void {
  if (serializer === undefined) return;
  const { serialize, deserialize } = serializer ?? {};
  if (typeof serialize !== "function" || typeof deserialize !== "function") {
    throw wrong("serializer", "an object with serialize and deserialize", serializer);
  }
}

const KNOWN_OF_LOCKS: Readonly<Record<keyof LockOptions, true>> = {
  leaseSeconds: true,
  waitSeconds: true,
};

export interface LockSettings {
  readonly leaseMs: number;
  readonly waitMs: number;
}

/** @throws InvalidOptionError */
export function resolveLockOptions(options: LockOptions, settings: Settings): LockSettings {
  checkOptionNames("lock", options, KNOWN_OF_LOCKS);
  const { leaseSeconds, waitSeconds } = options;
  return {
    leaseMs:
      leaseSeconds === undefined ? settings.leaseMs : milliseconds("leaseSeconds", leaseSeconds),
    waitMs: waitSeconds === undefined ? settings.waitMs : windowMs("waitSeconds", waitSeconds, 0),
  };
}

function compressAboveBytes(bytes: number): number {
  return bytes === Number.POSITIVE_INFINITY ? bytes : integer("compressAboveBytes", bytes, 0);
}
