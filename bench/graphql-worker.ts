import { ApolloServer } from "@apollo/server";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import Fastify from "fastify";
import type { GraphQLSchema } from "graphql";
import { Redis } from "ioredis";
import mercurius from "mercurius";
import { importAs } from "./contenders/contender.js";
import { library } from "./support/library.js";
import { constantOrigin, menuSchema, sharedOrigin } from "./support/pizzeria-menu.js";
import { work } from "./support/processes.js";

/** One server of the menu in a process of its own: what answers its fields, under which server. */
export type Answering = "constants" | "ours near" | "ours Redis" | "peer memory" | "peer Redis";
export type Serving = "mercurius" | "apollo";

export type GraphqlOrder = "port" | "cpu";
export interface GraphqlReport {
  readonly port: number;
  /** Of this process since its start, in microseconds. */
  readonly cpuUs: number;
}

const [answering = "", serving = "", url = ""] = process.argv.slice(2);
const TTL_SECONDS = 300;

const redis = new Redis(url);
const app = Fastify();
const { cacheDirectives, createCache } = await library();
const near = answering === "ours near" ? { maxAgeSeconds: 600, maxEntries: 10_000 } : false;
const cache = createCache({ redis, near, commandTimeoutMs: 2_000 });
const directives = cacheDirectives(cache, { loaders: () => [] });
const origin = answering === "constants" ? constantOrigin() : sharedOrigin(redis);
const plain = menuSchema(directives.typeDefs, origin);
await serve(answering.startsWith("ours") ? directives.apply(plain) : plain);
if (answering.startsWith("peer")) await addPeer();
await app.listen({ port: 0, host: "127.0.0.1" });

async function serve(schema: GraphQLSchema): Promise<void> {
  if (serving === "mercurius") {
    await app.register(mercurius, { schema });
    return;
  }
  const apollo = new ApolloServer({ schema, stopOnTerminationSignals: false });
  await apollo.start();
  app.route({ method: "POST", url: "/graphql", handler: fastifyApolloHandler(apollo) });
}

/** mercurius-cache with its defaults, and what evicts an entry told as its documentation says. */
async function addPeer(): Promise<void> {
  const { default: mercuriusCache } = await importAs<{ default: never }>("mercurius-cache");
  const storage =
    answering === "peer memory"
      ? { type: "memory", options: { size: 10_000, invalidation: true } }
      : { type: "redis", options: { client: redis, invalidation: { referencesTTL: TTL_SECONDS } } };
  const itemTag = (id: string) => `menu-item:${id}`;
  await app.register(mercuriusCache, {
    ttl: TTL_SECONDS,
    storage,
    policy: {
      Query: { menu: { references: () => ["menu"] } },
      MenuItem: {
        sizes: { references: ({ self }: { self: { id: string } }) => [itemTag(self.id)] },
        timesOrdered: true,
      },
      Mutation: {
        setPrice: {
          invalidate: (_self: unknown, { id }: { id: string }) => ["menu", itemTag(id)],
        },
      },
    },
  });
}

work<GraphqlOrder, GraphqlReport>(
  async () => {
    const address = app.server.address();
    const { user, system } = process.cpuUsage();
    return {
      port: typeof address === "object" && address ? address.port : 0,
      cpuUs: user + system,
    };
  },
  async () => {
    await app.close();
    await cache.close();
    redis.disconnect();
  },
);
