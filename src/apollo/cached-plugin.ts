import type { ApolloServerPlugin, BaseContext, GraphQLRequestContext } from "@apollo/server";
import type { CacheDirectives } from "../directives/cache-directives.js";
import { cacheReport } from "./cache-report.js";

export interface CachedPluginOptions<Context extends BaseContext> {
  /**
   * Whether a request with the header `X-Cache-Debug: 1` is answered with `extensions.cache`, which shows tags
   * and so ids. Default false.
   */
  debug?: boolean | ((requestContext: GraphQLRequestContext<Context>) => boolean);
}

/**
 * The cache's side of HTTP under Apollo Server: `Cache-Control` on each answer, and `extensions.cache` (see
 * CacheReport) for those who may debug.
 *
 * Answers in which a PRIVATE field took part are `private, no-store`, all others `no-store`: no browser or proxy may
 * keep what an eviction can't reach. This replaces the header that Apollo Server calculates itself; its work is
 * spared by `ApolloServerPluginCacheControl({ calculateHttpHeaders: false })`. The cache policy, for other plugins
 * to read, stays: `@cached` sets its hints.
 */
export function cachedPlugin<Context extends BaseContext>(
  directives: Pick<CacheDirectives, "observe">,
  { debug = false }: CachedPluginOptions<Context> = {},
): ApolloServerPlugin<Context> {
  return {
    async requestDidStart(requestContext) {
      const outcomes = asksForDebug(requestContext) && isAllowed(requestContext);
      const observation = directives.observe(requestContext.contextValue, { outcomes });
      return {
        async willSendResponse({ response }) {
          const header = observation.isPrivate ? "private, no-store" : "no-store";
          response.http.headers.set("cache-control", header);
          if (!outcomes || response.body.kind !== "single") return;
          const { singleResult } = response.body;
          singleResult.extensions = {
            ...singleResult.extensions,
            cache: cacheReport(observation.outcomes),
          };
        },
      };
    },
  };

  function isAllowed(requestContext: GraphQLRequestContext<Context>): boolean {
    return typeof debug === "function" ? debug(requestContext) : debug;
  }
}

function asksForDebug({
  request,
}: {
  request: GraphQLRequestContext<BaseContext>["request"];
}): boolean {
  return request.http?.headers.get("x-cache-debug") === "1";
}
