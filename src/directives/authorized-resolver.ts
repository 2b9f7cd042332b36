import { GraphQLError } from "graphql";
import type { Environment, Resolver } from "./environment.js";
import { isPromise } from "./maybe-promise.js";
import type { Authorize } from "./options.js";

/** Asks before the field, and so before the lookup: a hit must not show what a miss would have refused. */
export function authorizedResolver(
  coordinate: string,
  authorize: Authorize<never>,
  resolve: Resolver,
  { observations }: Pick<Environment, "observations">,
): Resolver {
  return function authorized(source, args, context, info) {
    observations.markUnshared(context);
    const proceed = (allowed: unknown): unknown => {
      if (allowed !== true) throw forbidden(coordinate);
      return resolve.call(this, source, args, context, info);
    };
    const refuse = (error: unknown): never => {
      throw error instanceof GraphQLError ? error : forbidden(coordinate, error);
    };
    let allowed: unknown;
    try {
      allowed = authorize(source as never, args as never, context as never, info);
    } catch (error) {
      return refuse(error);
    }
    return isPromise(allowed) ? allowed.then(proceed, refuse) : proceed(allowed);
  };
}

function forbidden(coordinate: string, cause?: unknown): GraphQLError {
  const error = new GraphQLError(`Not allowed to read ${coordinate}.`, {
    extensions: { code: "FORBIDDEN" },
  });
  // Not as its `originalError`: servers mask what was made of an ordinary error, the code included.
  if (cause !== undefined) Object.defineProperty(error, "cause", { value: cause });
  return error;
}
