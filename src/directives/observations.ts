import { type GraphQLResolveInfo, responsePathAsArray } from "graphql";
import type { Lookup, LookupStatus } from "../cache/types.js";

/** How one cached field was answered. */
export interface FieldOutcome {
  /** The schema coordinate, as `Query.menu`. */
  readonly coordinate: string;
  /** The response path, list indexes included. */
  readonly path: readonly (string | number)[];
  readonly status: LookupStatus;
  /** Seconds since the entry was committed; 0 for a value just loaded. */
  readonly ageSeconds: number;
  readonly tags: readonly string[];
}

/** What the cached fields of one operation did, for those who asked before it began. */
export interface Observation {
  /** True once a PRIVATE field took part, cached or not. */
  readonly isPrivate: boolean;
  /** False once a field took part whose answer hangs on who asks: PRIVATE, with `vary`, or under `authorize`. */
  readonly isShared: boolean;
  /** How many fields were answered in each way. */
  readonly statuses: Readonly<Partial<Record<LookupStatus, number>>>;
  /** Seconds until the first of them is no longer fresh; 0 where one was not stored, Infinity where none took part. */
  readonly remainingSeconds: number;
  /** Of all their entries; empty without `tags: true`. */
  readonly tags: ReadonlySet<string>;
  /** In the order of their answers; empty without `outcomes: true`. */
  readonly outcomes: readonly FieldOutcome[];
}

export interface ObserveOptions {
  /** Whether each field's answer is kept. Default false. */
  outcomes?: boolean;
  /** Whether all entries' tags are kept. Default false. */
  tags?: boolean;
}

export interface Observations {
  /** Begins to observe whatever runs with this context. */
  observe(context: object, options?: ObserveOptions): Observation;
  markPrivate(context: unknown): void;
  /** Of a field whose answer hangs on more than the entry's key tells a CDN. */
  markUnshared(context: unknown): void;
  add(context: unknown, info: GraphQLResolveInfo, coordinate: string, answer: Answer): void;
}

export type Answer = Omit<Lookup<unknown>, "value" | "since">;

interface Recorder extends Observation {
  isPrivate: boolean;
  isShared: boolean;
  remainingSeconds: number;
  readonly statuses: Partial<Record<LookupStatus, number>>;
  readonly tags: Set<string>;
  readonly outcomes: FieldOutcome[];
}

export function createObservations(): Observations {
  const recorders = new WeakMap<object, Recorder & { wants: ObserveOptions }>();
  let isAsked = false;

  return {
    observe: (context, wants = {}) => {
      isAsked = true;
      const recorder = {
        isPrivate: false,
        isShared: true,
        statuses: {},
        remainingSeconds: Number.POSITIVE_INFINITY,
        tags: new Set<string>(),
        outcomes: [],
        wants,
      };
      recorders.set(context, recorder);
      return recorder;
    },
    markPrivate: (context) => {
      const recorder = recorderOf(context);
      if (recorder) Object.assign(recorder, { isPrivate: true, isShared: false });
    },
    markUnshared: (context) => {
      const recorder = recorderOf(context);
      if (recorder) recorder.isShared = false;
    },
    add: (context, info, coordinate, answer) => {
      const recorder = recorderOf(context);
      if (!recorder) return;
      const { status, ageSeconds, remainingSeconds, tags } = answer;
      const { statuses, wants } = recorder;
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (remainingSeconds < recorder.remainingSeconds)
        recorder.remainingSeconds = remainingSeconds;
      if (wants.tags) for (const tag of tags) recorder.tags.add(tag);
      if (!wants.outcomes) return;
      const path = responsePathAsArray(info.path);
      recorder.outcomes.push({ coordinate, path, status, ageSeconds, tags });
    },
  };

  function recorderOf(context: unknown) {
    if (!isAsked || typeof context !== "object" || context === null) return undefined;
    return recorders.get(context);
  }
}
