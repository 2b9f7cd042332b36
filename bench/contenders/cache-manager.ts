import { type ContenderKind, importAs } from "./contender.js";

interface Manager {
  wrap(key: string, load: () => Promise<unknown>, ttlMs: number): Promise<unknown>;
  disconnect(): Promise<unknown>;
}

interface ManagerModule {
  createCache(options: { stores: unknown[] }): Manager;
}

interface KeyvRedisModule {
  createKeyv(url: string): unknown;
}

export const cacheManager: ContenderKind = {
  name: "cache-manager",
  packages: ["cache-manager", "@keyv/redis"],
  hasTags: false,
  async open(url) {
    const { createCache } = await importAs<ManagerModule>("cache-manager");
    const { createKeyv } = await importAs<KeyvRedisModule>("@keyv/redis");
    const cache = createCache({ stores: [createKeyv(url)] });
    return {
      getOrSet: (key, { ttlSeconds }, load) => cache.wrap(key, load, ttlSeconds * 1000),
      async close() {
        await cache.disconnect();
      },
    };
  },
};
