import { makeExecutableSchema } from "@graphql-tools/schema";
import DataLoader from "dataloader";
import type { GraphQLSchema } from "graphql";
import type { Cache } from "../../../src/cache/types.js";
import { cacheDirectives } from "../../../src/directives/cache-directives.js";
import type { CacheDirectivesOptions } from "../../../src/directives/options.js";
import type { World } from "./moments.js";
import { nodeOf } from "./node-of.js";
import { resolversOf } from "./resolvers.js";
import { typeDefs } from "./type-defs.js";

export interface WorldContext {
  readonly viewer: string | undefined;
  readonly locale: string;
  readonly nodes: DataLoader<string, unknown>;
}
const options: CacheDirectivesOptions<WorldContext> = {
  viewer: ({ viewer }) => viewer,
  vary: { locale: ({ locale }) => locale },
  loaders: ({ nodes }) => [nodes],
};
/** The schema over one world, whose nodes advance as its mutations say. */
export function createWorld(world: World, cache: Cache) {
  const turns = new Map<string, number>();
  const directives = cacheDirectives<WorldContext>(cache, options);
  const read = (id: string): unknown => {
    const all = world[id];
    const moment = all?.[(turns.get(id) ?? 0) % all.length];
    return moment && nodeOf(id, moment);
  };
  const advance = (id: string) => turns.set(id, (turns.get(id) ?? 0) + 1);
  const schema: GraphQLSchema = directives.apply(
    makeExecutableSchema({
      typeDefs: [directives.typeDefs, typeDefs],
      resolvers: resolversOf(read, advance),
    }),
  );
  const contextOf = (viewer: string | undefined, locale: string) => (): WorldContext => ({
    viewer,
    locale,
    nodes: new DataLoader<string, unknown>(async (ids) => ids.map(read)),
  });
  return { schema, contextOf };
}
