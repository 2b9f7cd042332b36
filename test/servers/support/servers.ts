import { ApolloServer, type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import Fastify from "fastify";
import type { GraphQLSchema } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import mercurius, { type MercuriusOptions } from "mercurius";
import type { ShopContext } from "./shop.js";

export interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string }[];
  readonly extensions?: Record<string, unknown>;
}

export interface AskOptions {
  readonly variables?: Record<string, unknown>;
  readonly viewer?: string;
}

/** A GraphQL server as its clients see it. */
export interface TestServer extends AsyncDisposable {
  ask(query: string, options?: AskOptions): Promise<Answer>;
  /** Several operations in one HTTP request. */
  askBatch(queries: readonly string[]): Promise<Answer[]>;
}

/** Serves a schema, with a context made for each HTTP request. `observe` is given that of each operation ahead of it. */
export type OpenServer = (
  schema: GraphQLSchema,
  context: (viewer: string | undefined) => ShopContext,
  observe?: (context: object) => void,
) => Promise<TestServer>;

type Send = (body: unknown, viewer: string | undefined) => Promise<unknown>;

const VIEWER = "x-viewer";

function testServer(send: Send, close: () => Promise<unknown>): TestServer {
  return {
    ask: async (query, { variables, viewer } = {}) =>
      (await send({ query, ...(variables && { variables }) }, viewer)) as Answer,
    askBatch: async (queries) =>
      (await send(
        queries.map((query) => ({ query })),
        undefined,
      )) as Answer[],
    [Symbol.asyncDispose]: async () => {
      await close();
    },
  };
}

export function apollo(...plugins: ApolloServerPlugin<ShopContext>[]): OpenServer {
  return async (schema, context, observe = () => {}) => {
    const server = new ApolloServer<ShopContext>({
      schema,
      plugins: [...plugins, { requestDidStart: async ({ contextValue }) => observe(contextValue) }],
      allowBatchedHttpRequests: true,
      stopOnTerminationSignals: false,
      includeStacktraceInErrorResponses: false,
    });
    await server.start();
    const send: Send = async (body, viewer) => {
      const headers = new HeaderMap([["content-type", "application/json"]]);
      const { body: answer } = await server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: "POST", headers, search: "", body },
        context: async () => context(viewer),
      });
      if (answer.kind !== "complete") throw new Error("The answer must be complete.");
      return JSON.parse(answer.string);
    };
    return testServer(send, () => server.stop());
  };
}

export function yoga(...plugins: Plugin[]): OpenServer {
  return async (schema, context, observe = () => {}) => {
    const server = createYoga({
      schema,
      plugins: [
        ...plugins,
        { onExecute: ({ args }: { args: { contextValue: object } }) => observe(args.contextValue) },
      ],
      batching: true,
      maskedErrors: false,
      logging: false,
      context: ({ request }) => context(request.headers.get(VIEWER) ?? undefined),
    });
    const send: Send = async (body, viewer) => {
      const response = await server.fetch("http://shop/graphql", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json",
          ...(viewer === undefined ? {} : { [VIEWER]: viewer }),
        },
        body: JSON.stringify(body),
      });
      return response.json();
    };
    return testServer(send, async () => server.dispose());
  };
}

export interface MercuriusSettings {
  /** Executions of a query before it is compiled; 0 compiles none. */
  readonly jit: number;
  /** Told of each field that is compiled. */
  readonly onCompiled?: () => void;
}

export function overMercurius({ jit, onCompiled = () => {} }: MercuriusSettings): OpenServer {
  return async (schema, context, observe = () => {}) => {
    const app = Fastify();
    // Its types lack the options of the compiler.
    const options: MercuriusOptions & { compilerOptions: object } = {
      schema,
      jit,
      allowBatchedQueries: true,
      context: ({ headers }) => ({ ...context(headers[VIEWER] as string | undefined) }),
      compilerOptions: {
        resolverInfoEnricher: () => {
          onCompiled();
          return {};
        },
      },
    };
    await app.register(mercurius, options);
    app.graphql.addHook("preExecution", async (_schema, _document, operationContext) => {
      observe(operationContext);
    });
    const send: Send = async (body, viewer) => {
      const response = await app.inject({
        method: "POST",
        url: "/graphql",
        headers: viewer === undefined ? {} : { [VIEWER]: viewer },
        payload: body as object,
      });
      return response.json();
    };
    return testServer(send, () => app.close());
  };
}
