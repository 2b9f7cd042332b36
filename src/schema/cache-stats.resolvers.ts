import { badUserInput } from "./errors.js";
import { requireStaff } from "./guards.js";
import type { Resolvers } from "./resolvers.generated.js";

const MAX_TAGS = 100;
const MAX_TAG_LENGTH = 500;

export const cacheStatsResolvers: Resolvers = {
  Query: {
    cacheStats: async (_parent, _args, context) => {
      await requireStaff(context);
      return context.cache.stats();
    },
  },
  CacheStats: {
    hits: (stats) => asInt(stats.hits),
    nearHits: (stats) => asInt(stats.nearHits),
    staleHits: (stats) => asInt(stats.staleHits),
    misses: (stats) => asInt(stats.misses),
    fills: (stats) => asInt(stats.fills),
    waits: (stats) => asInt(stats.waits),
    evictions: (stats) => asInt(stats.evictions),
    errors: (stats) => asInt(stats.errors),
    entries: (stats) => asInt(stats.entries),
  },
  Mutation: {
    evictTags: async (_parent, { tags }, context) => {
      await requireStaff(context);
      if (tags.length < 1 || tags.length > MAX_TAGS) {
        throw badUserInput(`tags must be 1 to ${MAX_TAGS}, but ${tags.length} came.`);
      }
      const wrong = tags.find((tag) => tag.length < 1 || tag.length > MAX_TAG_LENGTH);
      if (wrong !== undefined) {
        throw badUserInput(
          `A tag must have 1 to ${MAX_TAG_LENGTH} characters, but one of ${wrong.length} came.`,
        );
      }
      if (!tags.every((tag) => tag.isWellFormed())) {
        throw badUserInput(
          "A tag must be well-formed text, but one with half a surrogate pair came.",
        );
      }
      return asInt(await context.cache.evictTags(tags));
    },
  },
};

/** GraphQL's Int ends there, and refuses to be more; /metrics counts on. */
function asInt(count: number): number {
  return Math.min(count, 2 ** 31 - 1);
}
