import type { GraphQLResolveInfo } from "graphql";
import type { Cache } from "../cache/types.js";
import type { Args } from "./input-text.js";
import type { Observations } from "./observations.js";
import type { Operations } from "./operations.js";
import type { AnyContextOptions } from "./options.js";
import type { Problems } from "./problems.js";
import type { ViewerOf } from "./viewer.js";
import type { ViewerWatch } from "./viewer-watch.js";

/** A resolver as this library sees all of them. */
export type Resolver = (
  this: unknown,
  source: unknown,
  args: Args,
  context: unknown,
  info: GraphQLResolveInfo,
) => unknown;

/** What the resolvers of one `cacheDirectives` share. */
export interface Environment {
  readonly cache: Cache;
  readonly options: AnyContextOptions;
  readonly viewerOf: ViewerOf;
  readonly operations: Operations;
  readonly observations: Observations;
  readonly problems: Problems;
  readonly viewerWatch: ViewerWatch;
}
