import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginCacheControl } from "@apollo/server/plugin/cacheControl";
import { ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { ApolloServerPluginLandingPageLocalDefault } from "@apollo/server/plugin/landingPage/default";
import { makeExecutableSchema } from "@graphql-tools/schema";
import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import { cachedPlugin } from "./apollo/index.js";
import type { Cache } from "./cache/index.js";
import type { Config } from "./config.js";
import type { Context } from "./context.js";
import { cacheDirectives } from "./directives/cache-directives.js";
import { costLimitPlugin } from "./http/cost-limit.js";
import { errorsLogPlugin } from "./http/errors-log.js";
import { limitRules, limits } from "./http/limits.js";
import { refuseSubscriptionsPlugin } from "./http/refuse-subscriptions.js";
import { settleCallerPlugin } from "./http/settle-caller.js";
import type { KitchenTicketRow, OrderRow } from "./origin/rows.js";
import { authorize } from "./schema/authorize.js";
import { formatError } from "./schema/errors.js";
import { resolvers, typeDefs } from "./schema/index.js";

export interface GraphqlParts {
  config: Config;
  log: Logger;
  cache: Cache;
  /** A context for a refresh in the background, when the request that asked for it is over. */
  refreshContext: (context: Context) => Context;
}

export interface Graphql {
  readonly schema: GraphQLSchema;
  /** Serves it over HTTP. It still has to be started. */
  readonly apollo: ApolloServer<Context>;
}

/** The schema with its cache directives. */
export function createGraphql(parts: GraphqlParts): Graphql {
  const { config, log } = parts;
  const isProduction = config.environment === "production";
  const directives = cacheDirectives<Context>(parts.cache, {
    viewer: (context) => context.caller.viewer,
    authorize,
    loaders: (context) => [context.loaders],
    refreshContext: parts.refreshContext,
    resultPaths: {
      "KitchenTicket.order": ({ orderId, customerId }: KitchenTicketRow) => ({
        id: orderId,
        customerId,
      }),
      "Order.customer": ({ customerId }: Pick<OrderRow, "customerId">) => ({ id: customerId }),
    },
    onProblem: (err) => log.warn({ err }, "cache directive"),
  });
  const schema = directives.apply(
    makeExecutableSchema({ typeDefs: [directives.typeDefs, ...typeDefs], resolvers }),
  );
  const apollo = new ApolloServer<Context>({
    schema,
    plugins: [
      landingPage(config),
      refuseSubscriptionsPlugin(),
      costLimitPlugin(),
      settleCallerPlugin,
      errorsLogPlugin,
      ApolloServerPluginCacheControl({ calculateHttpHeaders: false }),
      cachedPlugin(directives, { debug: config.cacheDebug }),
    ],
    validationRules: limitRules,
    maxRecursiveSelections: true,
    parseOptions: { maxTokens: limits.tokens },
    formatError: (formatted, error) => formatError(formatted, error, isProduction),
    includeStacktraceInErrorResponses: false,
    introspection: !isProduction,
    hideSchemaDetailsFromClientErrors: isProduction,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    nodeEnv: config.environment,
    logger: log,
  });
  return { schema, apollo };
}

function landingPage(config: Config): ApolloServerPlugin<Context> {
  return config.environment === "production"
    ? ApolloServerPluginLandingPageDisabled()
    : ApolloServerPluginLandingPageLocalDefault({ embed: true });
}
