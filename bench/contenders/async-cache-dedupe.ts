import { Redis } from "ioredis";
import { type ContenderKind, type ContenderOptions, importAs } from "./contender.js";

interface Call {
  key: string;
  options: ContenderOptions;
  load: () => Promise<unknown>;
}

interface Definition {
  ttl: () => number;
  serialize: (call: Call) => string;
  references: (call: Call) => string[] | undefined;
}

interface Dedupe {
  define(name: "entry", options: Definition, load: (call: Call) => Promise<unknown>): void;
  entry(call: Call): Promise<unknown>;
}

interface DedupeModule {
  createCache(options: { ttl: number; storage: unknown }): Dedupe;
}

const REFERENCES_TTL_SECONDS = 3600;

export const asyncCacheDedupe: ContenderKind = {
  name: "async-cache-dedupe",
  packages: ["async-cache-dedupe"],
  hasTags: true,
  async open(url, withTags) {
    const { createCache } = await importAs<DedupeModule>("async-cache-dedupe");
    const client = new Redis(url);
    const invalidation = withTags && { referencesTTL: REFERENCES_TTL_SECONDS };
    const cache = createCache({
      ttl: REFERENCES_TTL_SECONDS,
      storage: { type: "redis", options: { client, invalidation } },
    });
    // It asks for the ttl with nothing but the result at hand; all entries of one contender have the same.
    let ttlSeconds = REFERENCES_TTL_SECONDS;
    const definition: Definition = {
      ttl: () => ttlSeconds,
      serialize: ({ key }) => key,
      references: ({ options }) => options.tags,
    };
    cache.define("entry", definition, ({ load }) => load());
    return {
      getOrSet(key, options, load) {
        ttlSeconds = options.ttlSeconds;
        return cache.entry({ key, options, load });
      },
      close: async () => client.disconnect(),
    };
  },
};
