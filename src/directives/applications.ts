import type { GraphQLSchema } from "graphql";
import type { AnyContextOptions } from "./options.js";

/** What a schema was made of by `apply`. */
export interface Application {
  /** The schema as it was given, without the cache. */
  readonly plain: GraphQLSchema;
  readonly options: AnyContextOptions;
}

const applications = new WeakMap<GraphQLSchema, Application>();

export function rememberApplication(applied: GraphQLSchema, application: Application): void {
  applications.set(applied, application);
}

/** undefined for a schema that `apply` did not give. */
export function applicationOf(schema: GraphQLSchema): Application | undefined {
  return applications.get(schema);
}
