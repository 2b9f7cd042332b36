import { channel } from "node:diagnostics_channel";
import { CachedError, StoreError } from "./errors.js";
import type { CacheEvent, CacheListener } from "./events.js";
import type { NearEntry } from "./near-entry.js";

/** Feeds the statistics and the listeners; the engine's only way to tell the outside anything. */
export interface Reporter {
  report(event: CacheEvent): void;
  /** As `report`, for what happens most: nothing is made where nobody listens. */
  hit(about: About, ageSeconds: number): void;
  happened(type: "miss" | "wait", key: string, coordinate: string | undefined): void;
  nearHit(key: string, coordinate: string | undefined, entry: NearEntry): void;
  /** A failure inside the cache that no caller sees. */
  error(cause: unknown, about?: About): void;
  /** As `error`, once for each `about.coordinate ?? about.key`. */
  errorOnce(error: CachedError, about: About): void;
  listen(listener: CacheListener): () => void;
  stats(): CacheStats;
}

/** This process since its start. */
export interface CacheStats {
  hits: number;
  nearHits: number;
  staleHits: number;
  misses: number;
  /** Entries committed by this process. */
  fills: number;
  /** Callers that waited for another's fill. */
  waits: number;
  /** Loads run by this process, stored or not. */
  loads: number;
  /** Tags evicted by this process. */
  evictions: number;
  /** Writes taken on by this process's queues (`writeBehind`). */
  puts: number;
  /** Keys that this process wrote to the origin from a queue. */
  written: number;
  /** Writes from a queue that failed, and are tried again. */
  writeFailures: number;
  /** Writes that this process gave up. */
  deadLetters: number;
  /** How often a breaker opened: the store's, or that of a node of a cluster. */
  outages: number;
  /** Failures inside the cache that no caller saw. */
  errors: number;
  /** (hits + nearHits + staleHits) / lookups, from 0 to 1; 0 before the first lookup. */
  hitRatio: number;
}

/** `node:diagnostics_channel` of all caches' events, for tracers. */
const events = channel("graphql-cached:event");

/** Which call an event belongs to. */
export interface About {
  readonly key: string;
  readonly coordinate?: string | undefined;
}

/** So many different keys may each have their own report of a value that is not cacheable. */
const MAX_REPORTED_ONCE = 1000;

export function createReporter(): Reporter {
  const listeners = new Set<CacheListener>();
  const reportedOnce = new Set<string>();
  const faulty = new WeakSet<CacheListener>();
  const counts = {
    hits: 0,
    nearHits: 0,
    staleHits: 0,
    misses: 0,
    fills: 0,
    waits: 0,
    loads: 0,
    evictions: 0,
    puts: 0,
    written: 0,
    writeFailures: 0,
    deadLetters: 0,
    outages: 0,
    errors: 0,
  };
  let staleForErrors = 0;

  function count(event: CacheEvent): void {
    switch (event.type) {
      case "hit":
        counts.hits += 1;
        return;
      case "nearHit":
        counts.nearHits += 1;
        return;
      case "staleHit":
        counts.staleHits += 1;
        if (event.reason === "error") staleForErrors += 1;
        return;
      case "miss":
        counts.misses += 1;
        return;
      case "wait":
        counts.waits += 1;
        return;
      case "load":
        counts.loads += 1;
        return;
      case "fill":
        counts.fills += 1;
        return;
      case "evict":
        counts.evictions += event.tags.length;
        return;
      case "put":
        counts.puts += 1;
        return;
      case "written":
        counts.written += event.keys.length;
        return;
      case "writeFailed":
        counts.writeFailures += 1;
        return;
      case "deadLetter":
        counts.deadLetters += 1;
        return;
      case "outage":
        counts.outages += 1;
        return;
      case "error":
        counts.errors += 1;
    }
  }

  function report(event: CacheEvent): void {
    count(event);
    if (events.hasSubscribers) events.publish(event);
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener's fault is its owner's to see, and no reason to fail a caller or to end the process.
        if (faulty.has(listener)) continue;
        faulty.add(listener);
        process.emitWarning(asText(error), {
          type: "GraphQLCachedWarning",
          code: "E_LISTENER",
        });
      }
    }
  }

  function error(cause: unknown, about: { key?: string; coordinate?: string | undefined } = {}) {
    const wrapped =
      cause instanceof CachedError
        ? cause
        : new StoreError("A step of the cache failed.", { cause, ...defined(about) });
    report({ type: "error", error: wrapped, ...defined(about) });
  }

  return {
    report,
    hit(about, ageSeconds) {
      if (listeners.size === 0 && !events.hasSubscribers) counts.hits += 1;
      else report({ type: "hit", ageSeconds, key: about.key, ...defined(about) });
    },
    happened(type, key, coordinate) {
      if (listeners.size > 0 || events.hasSubscribers) {
        report({ type, key, ...defined({ coordinate }) });
      } else if (type === "miss") counts.misses += 1;
      else counts.waits += 1;
    },
    nearHit(key, coordinate, entry) {
      if (listeners.size === 0 && !events.hasSubscribers) counts.nearHits += 1;
      else {
        const { ageSeconds } = entry;
        report({ type: "nearHit", ageSeconds, key, ...defined({ coordinate }) });
      }
    },
    error,
    errorOnce(cause, about) {
      const where = about.coordinate ?? about.key;
      if (reportedOnce.has(where) || reportedOnce.size >= MAX_REPORTED_ONCE) return;
      reportedOnce.add(where);
      error(cause, about);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stats() {
      const found = counts.hits + counts.nearHits + counts.staleHits;
      // One that was answered for want of a load had missed before.
      const lookups = found - staleForErrors + counts.misses;
      return { ...counts, hitRatio: lookups === 0 ? 0 : found / lookups };
    },
  };
}

function defined(about: { key?: string; coordinate?: string | undefined }): {
  key?: string;
  coordinate?: string;
} {
  return {
    ...(about.key !== undefined && { key: about.key }),
    ...(about.coordinate !== undefined && { coordinate: about.coordinate }),
  };
}

function asText(error: unknown): string {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `A listener of the cache's events threw: ${reason}`;
}
