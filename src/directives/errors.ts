import { DirectiveError, type InvalidOptionError } from "../cache/errors.js";

/** A contradiction between a directive and its schema, found while the schema is built. */
export function directiveError(coordinate: string, text: string, cause?: unknown): DirectiveError {
  return new DirectiveError(`${coordinate}: ${text}`, {
    coordinate,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The same for a template that the parser refused. */
export function malformedTemplate(coordinate: string, error: InvalidOptionError): DirectiveError {
  return directiveError(coordinate, error.message, error);
}
