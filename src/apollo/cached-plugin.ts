import type {
  ApolloServerPlugin,
  BaseContext,
  GraphQLRequestContext,
  GraphQLRequestContextWillSendResponse,
} from "@apollo/server";
import type { GraphQLSchema } from "graphql";
import { checkOptionNames, wrong } from "../cache/check-values.js";
import type { CacheDirectives } from "../directives/cache-directives.js";
import { disregard } from "../directives/maybe-promise.js";
import type { Observation } from "../directives/observations.js";
import { cacheReport } from "./cache-report.js";
import { cacheStatus } from "./cache-status.js";
import type { Cdn } from "./cdn.js";

export interface CachedPluginOptions<Context extends BaseContext> {
  /**
   * Whether a request with the header `X-Cache-Debug: 1` is answered with `extensions.cache`, which shows tags
   * and so ids. Only `true` allows it. Default false.
   */
  debug?: boolean | ((requestContext: GraphQLRequestContext<Context>) => boolean);
  /** A CDN that may keep PUBLIC answers, and is purged by what is evicted; see createCdn. Default: none may. */
  cdn?: Cdn;
  /** Whether answers have a `Cache-Status` (RFC 9211). Default true. */
  cacheStatus?: boolean;
}

const KNOWN: Readonly<Record<keyof CachedPluginOptions<BaseContext>, true>> = {
  debug: true,
  cdn: true,
  cacheStatus: true,
};

/**
 * The cache's side of HTTP under Apollo Server: `Cache-Control`, `Cache-Status` and surrogate keys on each answer, and
 * `extensions.cache` (see CacheReport) for those who may debug.
 *
 * Answers in which a PRIVATE field took part are `private, no-store`, all others `no-store`: no browser or proxy may
 * keep what an eviction can't reach. With a `cdn`, which it does reach, an answer is `max-age=0, s-maxage=<remaining>`
 * if it is one query's, without errors, its fields ran here, and it is the same for all who ask: no PRIVATE field took
 * part, nor one with `vary` or under `authorize`, nor one with a resolver of its own, or the option `fieldResolver`, that
 * is neither `@cached` nor has a `@cacheControl`, nor one without a `@cacheControl` that was wrapped since `apply`, as by
 * a guard.
 *
 * This replaces the header that Apollo Server calculates itself; its work is spared by
 * `ApolloServerPluginCacheControl({ calculateHttpHeaders: false })`. The cache policy, for other plugins to read,
 * stays: `@cached` sets its hints.
 *
 * @throws InvalidOptionError without directives, and for an option that it does not know
 */
export function cachedPlugin<Context extends BaseContext>(
  directives: Pick<CacheDirectives, "observe" | "liveFields">,
  options: CachedPluginOptions<Context> = {},
): ApolloServerPlugin<Context> {
  if (typeof directives?.observe !== "function") {
    throw wrong("directives", "what cacheDirectives gave", directives);
  }
  checkOptionNames("cachedPlugin", options, KNOWN);
  const { debug = false, cdn } = options;

  // A schema is looked at as it is loaded: on its first request Apollo wraps all of its resolvers.
  const lookAtSchema = {
    serverWillStart: async () => ({
      schemaDidLoadOrUpdate: ({ apiSchema }: { apiSchema: GraphQLSchema }) => {
        directives.liveFields(apiSchema);
      },
    }),
  };

  return {
    ...(cdn ? lookAtSchema : {}),
    async requestDidStart(requestContext) {
      const outcomes = asksForDebug(requestContext) && isAllowed(requestContext);
      const observing = { outcomes, tags: cdn !== undefined };
      const observation = directives.observe(requestContext.contextValue, observing);
      let isLive = false;
      /** False where another plugin answers with what it kept, or a gateway: what that hangs on is not seen. */
      let haveFieldsRun = false;
      const watchFields = {
        executionDidStart: async () => {
          const live = directives.liveFields(requestContext.schema);
          return {
            willResolveField: ({ info }: { info: { parentType: object; fieldName: string } }) => {
              haveFieldsRun = true;
              isLive ||= live.has(`${info.parentType}.${info.fieldName}`);
            },
          };
        },
      };
      return {
        ...(cdn ? watchFields : {}),
        async willSendResponse(sending) {
          // The headers first, and at once: Apollo's own plugin leaves alone what it finds.
          const mayBeKept = haveFieldsRun && !isLive && !outcomes;
          const keys = mayBeKept ? sharedKeys(sending, observation) : undefined;
          setHeaders(sending, observation, keys);
          if (keys) await keepCookiesFromCdn(sending, observation, keys.name);
          if (outcomes) addReport(sending, observation);
          if (cdn && sending.operation?.operation === "mutation") await cdn.settled();
        },
      };
    },
  };

  function isAllowed(requestContext: GraphQLRequestContext<Context>): boolean {
    const allowed = typeof debug === "function" ? debug(requestContext) : debug;
    disregard(allowed);
    return allowed === true;
  }

  /** The surrogate keys of an answer that a CDN may keep. */
  function sharedKeys(
    sending: GraphQLRequestContextWillSendResponse<Context>,
    { isShared, tags }: Observation,
  ): ReturnType<Cdn["keysHeader"]> {
    const { response, operation, overallCachePolicy } = sending;
    const isWhole = response.body.kind === "single" && !response.body.singleResult.errors;
    const isQuery = operation?.operation === "query" && !sending.requestIsBatched;
    const policy = overallCachePolicy.policyIfCacheable();
    const isForAll =
      isShared && policy?.scope === "PUBLIC" && !response.http.headers.has("set-cookie");
    const isCacheable = isWhole && isQuery && isForAll;
    return isCacheable ? cdn?.keysHeader(tags) : undefined;
  }

  /** From the CDN: the plugins named after this one have their turn with the answer once this one first waits. */
  async function keepCookiesFromCdn(
    sending: GraphQLRequestContextWillSendResponse<Context>,
    observation: Observation,
    keysHeader: string,
  ): Promise<void> {
    await undefined;
    const { headers } = sending.response.http;
    if (!headers.has("set-cookie")) return;
    headers.delete(keysHeader);
    setHeaders(sending, observation, undefined);
  }

  function setHeaders(
    {
      response,
      overallCachePolicy,
      requestIsBatched,
    }: GraphQLRequestContextWillSendResponse<Context>,
    observation: Observation,
    keys: ReturnType<Cdn["keysHeader"]>,
  ): void {
    const { headers } = response.http;
    if (keys) {
      headers.set("cache-control", `max-age=0, s-maxage=${overallCachePolicy.maxAge}`);
      if (keys.value !== "") headers.set(keys.name, keys.value);
    } else {
      const isPrivate = observation.isPrivate || overallCachePolicy.scope === "PRIVATE";
      // Operations of one request share the header.
      const isKnownPrivate = requestIsBatched && headers.get("cache-control") === PRIVATE;
      headers.set("cache-control", isPrivate || isKnownPrivate ? PRIVATE : "no-store");
    }
    if (options.cacheStatus === false || requestIsBatched) return;
    const status = cacheStatus(observation);
    if (status !== undefined) headers.set("cache-status", status);
  }
}

const PRIVATE = "private, no-store";

function addReport<Context extends BaseContext>(
  { response }: GraphQLRequestContextWillSendResponse<Context>,
  { outcomes }: Observation,
): void {
  if (response.body.kind !== "single") return;
  const { singleResult } = response.body;
  singleResult.extensions = { ...singleResult.extensions, cache: cacheReport(outcomes) };
}

function asksForDebug({
  request,
}: {
  request: GraphQLRequestContext<BaseContext>["request"];
}): boolean {
  return request.http?.headers.get("x-cache-debug") === "1";
}
