import { Redis } from "ioredis";
import { type ContenderKind, importAs } from "./contender.js";

interface Entry {
  metadata: { ttl?: number | null; swr?: number | null };
}

interface CachifiedModule {
  cachified(options: {
    key: string;
    ttl: number;
    cache: {
      get(key: string): Promise<unknown>;
      set(key: string, entry: Entry): Promise<unknown>;
      delete(key: string): Promise<unknown>;
    };
    getFreshValue: () => Promise<unknown>;
  }): Promise<unknown>;
  totalTtl(metadata: Entry["metadata"]): number;
}

export const cachified: ContenderKind = {
  name: "@epic-web/cachified",
  packages: ["@epic-web/cachified"],
  hasTags: false,
  async open(url) {
    const library = await importAs<CachifiedModule>("@epic-web/cachified");
    const redis = new Redis(url);
    // It brings no store; this is the adapter that its users write for ioredis.
    const cache = {
      async get(key: string) {
        const text = await redis.get(key);
        return text === null ? undefined : JSON.parse(text);
      },
      set: (key: string, entry: Entry) =>
        redis.set(key, JSON.stringify(entry), "PX", library.totalTtl(entry.metadata)),
      delete: (key: string) => redis.del(key),
    };
    return {
      getOrSet: (key, { ttlSeconds }, getFreshValue) =>
        library.cachified({ key, ttl: ttlSeconds * 1000, cache, getFreshValue }),
      close: async () => redis.disconnect(),
    };
  },
};
