import { checkOptionNames, windowMs, wrong } from "../cache/check-values.js";
import { cameWithin, createDeferred, type Deferred } from "../cache/deferred.js";
import { withinLimit } from "../cache/time-limit.js";
import type { Cache } from "../cache/types.js";
import { surrogateKey, surrogateKeysHeader } from "./surrogate-keys.js";

export interface CdnOptions {
  /**
   * The purge hook: removes every copy that bears one of these surrogate keys, 250 at the most. Its promise is awaited.
   * What throws or rejects, or takes longer than 10 seconds, is tried again until it succeeds, and until then no answer
   * is given to the CDN.
   */
  purge(keys: readonly string[]): unknown;
  /** The header that the CDN reads surrogate keys from, as "Cache-Tag". Default "Surrogate-Key". */
  header?: string;
  /**
   * Keys are purged once more after so long, since an answer from before an eviction may reach the CDN after its purge.
   * More than the slowest answer takes, and than `near.maxAgeSeconds`. Default 10.
   */
  repeatAfterSeconds?: number;
  /** How long a mutation's answer waits for its purges at the most. Default 1. */
  waitSeconds?: number;
  /** Told of each purge that failed. Default: a Node warning for the first of a row. */
  onProblem?: (error: unknown) => void;
}

/** A CDN before the servers, from which what this process evicts is purged. */
export interface Cdn {
  /** The header with an answer's surrogate keys; undefined where the CDN must not have the answer. */
  keysHeader(tags: Iterable<string>): { readonly name: string; readonly value: string } | undefined;
  /** Resolves once what was evicted until now is purged, or after `waitSeconds`. */
  settled(): Promise<void>;
  /** Ends it. What is not purged yet stays; the CDN is given no answers any more, since nothing would purge them. */
  close(): void;
}

const KNOWN: Readonly<Record<keyof CdnOptions, true>> = {
  purge: true,
  header: true,
  repeatAfterSeconds: true,
  waitSeconds: true,
  onProblem: true,
};

/** A token of HTTP (RFC 9110, 5.6.2). */
const HEADER = /^[\w!#$%&'*+.^`|~-]+$/;

const KEYS_AT_ONCE = 250;
/** As far as a replica may be behind that is promoted, and a minute for its master's loss to be noticed. */
const RECENT_MS = 120_000;
const MAX_RECENT = 50_000;
/** One that hangs must not keep all later ones from their turn, while answers go on being given to the CDN. */
const PURGE_MS = 10_000;
const RETRY_AFTER_MS = [250, 1000, 5000, 30_000] as const;

/** Past so many, what failed to be purged is given up, and with it the CDN: nothing is given to it any more. */
const MAX_DUE = 100_000;
/** With room for what is issued anew at a recovery, of which nothing has failed yet. */
const MOST_DUE = 2 * MAX_DUE + MAX_RECENT;

/**
 * Purges from a CDN whatever this process evicts from the cache, by surrogate keys that are its tags. Every process that
 * evicts needs one, those that serve no GraphQL included.
 *
 * @throws InvalidOptionError
 */
export function createCdn(cache: Pick<Cache, "onEvent">, options: CdnOptions): Cdn {
  if (typeof cache?.onEvent !== "function") throw wrong("cache", "a cache", cache);
  checkOptionNames("createCdn", options, KNOWN);
  const { purge, header = "Surrogate-Key" } = options;
  if (typeof purge !== "function") throw wrong("purge", "a function", purge);
  if (typeof header !== "string" || !HEADER.test(header)) {
    throw wrong("header", "the name of a header", header);
  }
  const repeatAfterMs = windowMs("repeatAfterSeconds", options.repeatAfterSeconds, 10_000);
  const waitMs = windowMs("waitSeconds", options.waitSeconds, 1000);
  /** Keys to be purged, and how often yet. */
  const due = new Map<string, number>();
  /** What other processes may put there again: bound by it only once the store is back, or not after a failover. */
  const undelivered = new Set<string>();
  /** What was delivered of late, and when: a server that is promoted may lack it, and is given it anew. */
  const recent = new Map<string, number>();
  /** What of the store is out of reach: nodes of a cluster, or "" for all of it. */
  const away = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let running: Promise<void> | undefined;
  /** Until nothing is due: also through the pauses between what failed and its next try. */
  let purged: Deferred<void> | undefined;
  let failures = 0;
  let isLost = false;
  let isClosed = false;

  const stopListening = cache.onEvent((event) => {
    if (event.type === "evict") {
      const keys = event.tags.map(surrogateKey);
      if (event.delivered) remember(keys);
      else for (const key of keys) undelivered.add(key);
      add(keys, 2);
    } else if (event.type === "outage") {
      away.add(event.node ?? "");
    } else if (event.type === "recovery") {
      away.delete(event.node ?? "");
      const issuedAnew = [...recent.keys(), ...undelivered];
      add(issuedAnew, 2);
      // What waits for another node is delivered only when that is back.
      if (away.size === 0) {
        undelivered.clear();
        remember(issuedAnew);
      }
    }
    if (due.size > MOST_DUE || (away.size > 0 && undelivered.size > MAX_DUE)) giveUp();
    // With the store in reach they only lack replicas, and nothing tells when they have them.
    for (const key of undelivered) {
      if (undelivered.size <= MAX_DUE) break;
      undelivered.delete(key);
    }
  });

  function remember(keys: readonly string[]): void {
    const now = performance.now();
    for (const key of keys) {
      recent.delete(key);
      recent.set(key, now);
    }
    for (const [key, atMs] of recent) {
      const isOver = away.size === 0 && atMs <= now - RECENT_MS;
      if (!isOver && recent.size <= MAX_RECENT) break;
      recent.delete(key);
    }
  }

  function add(keys: readonly string[], times: number): void {
    for (const key of keys) due.set(key, Math.max(times, due.get(key) ?? 0));
    if (failures === 0) run();
  }

  function run(): void {
    running ??= purgeAll().finally(() => {
      running = undefined;
    });
  }

  async function purgeAll(): Promise<void> {
    // What one mutation evicts in several steps goes in one purge.
    await new Promise(setImmediate);
    while (due.size > 0) {
      const next = takeSome();
      try {
        await withinLimit(Promise.resolve(purge(next.map(([key]) => key))), PURGE_MS, tooLong);
        failures = 0;
        const again = next.filter(([, times]) => times > 1).map(([key]) => key);
        if (again.length > 0) after(repeatAfterMs, () => add(again, 1));
      } catch (error) {
        for (const [key, times] of next) due.set(key, Math.max(times, due.get(key) ?? 0));
        after(RETRY_AFTER_MS[Math.min(failures, RETRY_AFTER_MS.length - 1)] as number, run);
        failures += 1;
        if (failures === 1 || options.onProblem) report(error);
        return;
      }
    }
    purged?.resolve();
    purged = undefined;
  }

  /** Not by a copy of all: of a great many there would be one for each 250. */
  function takeSome(): [key: string, times: number][] {
    const taken: [string, number][] = [];
    for (const entry of due) {
      if (taken.length === KEYS_AT_ONCE) break;
      taken.push(entry);
      due.delete(entry[0]);
    }
    return taken;
  }

  function after(ms: number, then: () => void): void {
    if (isClosed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      then();
    }, ms);
    timers.add(timer.unref());
  }

  function giveUp(): void {
    isLost = true;
    due.clear();
    undelivered.clear();
    recent.clear();
    report(
      new Error(
        "The CDN must be purged, but too many keys could not be: it is given no more answers.",
      ),
    );
  }

  function report(problem: unknown): void {
    try {
      (options.onProblem ?? warn)(problem);
    } catch {
      // The listener is the user's, and answers wait for the purge that it is told of.
    }
  }

  return {
    keysHeader(tags) {
      if (isLost || isClosed || failures > 0) return undefined;
      const value = surrogateKeysHeader(header, tags);
      return value === undefined ? undefined : { name: header.toLowerCase(), value };
    },
    async settled() {
      if (isClosed || (due.size === 0 && !running)) return;
      purged ??= createDeferred();
      await cameWithin(purged.promise, waitMs);
    },
    close() {
      isClosed = true;
      stopListening();
      for (const timer of timers) clearTimeout(timer);
      due.clear();
      purged?.resolve();
    },
  };
}

function tooLong(): Error {
  return new Error(`A purge must end within ${PURGE_MS / 1000} s, but did not.`);
}

function warn(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  process.emitWarning(`A CDN was not purged: ${text}`, {
    type: "GraphQLCachedWarning",
    code: "E_PURGE",
  });
}
