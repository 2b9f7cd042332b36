import { CachedError, type CachedErrorDetails, TemplateError } from "../cache/errors.js";

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

type CachedErrorClass = new (message: string, details: CachedErrorDetails) => CachedError;

/** Any failure as one of ours that names the field and what followed; the cache's own errors keep class and code. */
export function asProblem(coordinate: string, consequence: string, error: unknown): CachedError {
  if (error instanceof CachedError && error.coordinate !== undefined) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const text = `${coordinate}: ${consequence}: ${reason.replace(/\.$/, "")}.`;
  const Problem =
    error instanceof CachedError ? (error.constructor as CachedErrorClass) : TemplateError;
  return new Problem(text, { coordinate, cause: error });
}

function warn(error: CachedError): void {
  process.emitWarning(error.message, { type: "GraphQLCachedWarning", code: error.code });
}
