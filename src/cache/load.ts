import { tracingChannel } from "node:diagnostics_channel";
import { checkTags, ttlMilliseconds } from "./check-values.js";
import { createDeferred } from "./deferred.js";
import type { EntrySettings } from "./entry-settings.js";
import { CacheClosedError, LoadTimeoutError } from "./errors.js";
import type { LoadLimit } from "./load-limit.js";
import { olderOf, type Position } from "./position.js";
import { type RefusalListener, refusalListener } from "./refusals.js";
import type { Load, LoadContext } from "./types.js";

/** What one run of a load gave. */
export interface Loaded {
  readonly value: unknown;
  /** Tags that the load added from its result and that were not known before. */
  readonly addedTags: readonly string[];
  /** The ttl that the load chose; 0 stores nothing. */
  readonly ttlMs: number | undefined;
  /** The age that the load gave itself; undefined where it saw nothing older than its caller said. */
  readonly since?: Position | null | undefined;
  readonly loadMs: number;
  /** Told where the value cannot be carried. */
  readonly onRefusal?: RefusalListener | undefined;
}

export interface LoadRunner {
  /** Rejects with the load's own error as it was thrown, or with LoadTimeoutError or LoadQueueTimeoutError. */
  run(key: string, settings: EntrySettings, load: Load<unknown>): Promise<Loaded>;
  /** Aborts what runs. */
  close(): void;
}

/** `node:diagnostics_channel` of all loads, and of all writes: start, end, error, with key and coordinate. */
const tracings = {
  load: tracingChannel("graphql-cached:load"),
  write: tracingChannel("graphql-cached:write"),
};

/** The group a load runs in, by the context it was given: nested lookups that pass it need no place of their own. */
const groupOf = new WeakMap<object, object>();

/** Whatever asks the origin: with room under the limit, a signal and a deadline. */
export function createLoadRunner(
  limit: LoadLimit,
  loadTimeoutMs: number,
  what: keyof typeof tracings = "load",
): LoadRunner {
  const tracing = tracings[what];
  const running = new Set<(error: Error) => void>();
  let isClosed = false;

  return {
    async run(key, settings, load) {
      const given = settings.loadGroup;
      const group = (given && groupOf.get(given)) ?? given ?? {};
      const { coordinate } = settings;
      const about = coordinate === undefined ? { key } : { key, coordinate };
      await limit.enter(group, about);
      try {
        // It may have waited for the room that closing made.
        if (isClosed) throw closed();
        return await tracing.tracePromise(() => runNow(about, settings, load, group), { ...about });
      } finally {
        limit.leave(group);
      }
    },
    close() {
      isClosed = true;
      for (const abort of running) abort(closed());
    },
  };

  async function runNow(
    about: { key: string; coordinate?: string },
    settings: EntrySettings,
    load: Load<unknown>,
    group: object,
  ): Promise<Loaded> {
    let controller: AbortController | undefined;
    let abortedBy: Error | undefined;
    const added = new Set<string>();
    let ttlMs: number | undefined;
    let since: Position | null | undefined;
    const context: LoadContext = {
      // Made for those who ask: of a batch of thousands, it would be the largest of what each load makes.
      get signal() {
        controller ??= new AbortController();
        if (abortedBy) controller.abort(abortedBy);
        return controller.signal;
      },
      addTags(...tags) {
        for (const tag of checkTags(tags)) if (!settings.tags.includes(tag)) added.add(tag);
      },
      setTtlSeconds(seconds) {
        ttlMs = seconds === 0 ? 0 : ttlMilliseconds(seconds);
      },
      setSince(position) {
        since = since === undefined ? position : olderOf(since, position);
      },
    };
    groupOf.set(context, group);

    const { promise: outcome, resolve, reject } = createDeferred<unknown>();
    const stop = (error: Error) => {
      reject(error);
      abortedBy ??= error;
      controller?.abort(error);
    };
    const timer = setTimeout(() => {
      stop(
        new LoadTimeoutError(
          `A ${what} must end within ${loadTimeoutMs} ms; the one of "${about.key}" did not.`,
          about,
        ),
      );
    }, loadTimeoutMs);
    timer.unref();
    running.add(stop);
    const startedAt = performance.now();
    try {
      Promise.resolve(load(context)).then(resolve, reject);
      const value = await outcome;
      const loadMs = performance.now() - startedAt;
      const onRefusal = refusalListener(context);
      return { value, addedTags: [...added], ttlMs, since, loadMs, onRefusal };
    } finally {
      clearTimeout(timer);
      running.delete(stop);
    }
  }
}

function closed(): CacheClosedError {
  return new CacheClosedError("The cache was closed.");
}

/** Whether the result may hang on tags that nobody knew before the load; one that stores nothing may not name them. */
export function mayHaveOwnTags({ addedTags, ttlMs }: Loaded): boolean {
  return addedTags.length > 0 || ttlMs === 0;
}
