import { type GraphQLResolveInfo, responsePathAsArray } from "graphql";
import type { Lookup } from "../cache/types.js";

/** How one cached field was answered. */
export interface FieldOutcome {
  /** The schema coordinate, as `Query.menu`. */
  readonly coordinate: string;
  /** The response path, list indexes included. */
  readonly path: readonly (string | number)[];
  readonly status: Lookup<unknown>["status"];
  readonly ageSeconds: number;
  readonly tags: readonly string[];
}

/** What the cached fields of one operation did, for those who asked before it began. */
export interface Observation {
  /** True once a PRIVATE field took part, cached or not. */
  readonly isPrivate: boolean;
  /** In the order of their answers; empty without `outcomes: true`. */
  readonly outcomes: readonly FieldOutcome[];
}

export interface Observations {
  /** Begins to observe whatever runs with this context. */
  observe(context: object, options?: { outcomes?: boolean }): Observation;
  markPrivate(context: unknown): void;
  add(context: unknown, info: GraphQLResolveInfo, coordinate: string, answer: Answer): void;
}

export type Answer = Pick<Lookup<unknown>, "status" | "ageSeconds" | "tags">;

interface Recorder {
  isPrivate: boolean;
  readonly outcomes: FieldOutcome[];
  readonly wantsOutcomes: boolean;
}

export function createObservations(): Observations {
  const recorders = new WeakMap<object, Recorder>();

  return {
    observe: (context, { outcomes = false } = {}) => {
      const recorder: Recorder = { isPrivate: false, outcomes: [], wantsOutcomes: outcomes };
      recorders.set(context, recorder);
      return recorder;
    },
    markPrivate: (context) => {
      const recorder = recorderOf(context);
      if (recorder) recorder.isPrivate = true;
    },
    add: (context, info, coordinate, { status, ageSeconds, tags }) => {
      const recorder = recorderOf(context);
      if (!recorder?.wantsOutcomes) return;
      const path = responsePathAsArray(info.path);
      recorder.outcomes.push({ coordinate, path, status, ageSeconds, tags });
    },
  };

  function recorderOf(context: unknown): Recorder | undefined {
    return typeof context === "object" && context !== null ? recorders.get(context) : undefined;
  }
}
