import { CachedError, TemplateError } from "../cache/errors.js";

/** Where failures inside the cache go. Never throws, since a report must not fail a field. */
export interface Problems {
  /** Reports the first of its kind at a coordinate; `kind` is one of a fixed few, as a template's text. */
  report(coordinate: string, kind: string, error: CachedError): void;
}

export type ProblemListener = (error: CachedError) => void;

export function createProblems(listener: ProblemListener = warn): Problems {
  const reported = new Set<string>();
  return {
    report: (coordinate, kind, error) => {
      const place = `${coordinate} ${kind}`;
      if (reported.has(place)) return;
      reported.add(place);
      try {
        listener(error);
      } catch {
        // The listener is the user's, and the field has its answer.
      }
    },
  };
}

/** Any failure as one of ours, naming the field and what followed from it. */
export function asProblem(coordinate: string, consequence: string, error: unknown): CachedError {
  if (error instanceof CachedError && error.coordinate !== undefined) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new TemplateError(`${coordinate}: ${consequence}: ${reason}.`.replace(/\.\.$/, "."), {
    coordinate,
    cause: error,
  });
}

function warn(error: CachedError): void {
  process.emitWarning(error.message, { type: "GraphQLCachedWarning", code: error.code });
}
