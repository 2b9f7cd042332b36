import { type ContenderKind, importAs } from "./contender.js";

interface CacheableCache {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, options: { ttl: number; tags: string[] }): Promise<boolean>;
  getOrSet(key: string, load: () => Promise<unknown>, options: { ttl: number }): Promise<unknown>;
  disconnect(): Promise<void>;
}

interface CacheableModule {
  Cacheable: new (options: { primary: unknown; tags: boolean }) => CacheableCache;
}

interface KeyvRedisModule {
  createKeyv(url: string): unknown;
}

export const cacheable: ContenderKind = {
  name: "cacheable",
  packages: ["cacheable", "@keyv/redis"],
  hasTags: true,
  async open(url, withTags) {
    const { Cacheable } = await importAs<CacheableModule>("cacheable");
    const { createKeyv } = await importAs<KeyvRedisModule>("@keyv/redis");
    // Redis, as its only tier, stands where its memory tier would.
    const cache = new Cacheable({ primary: createKeyv(url), tags: withTags });
    return {
      async getOrSet(key, { ttlSeconds, tags }, load) {
        const ttl = ttlSeconds * 1000;
        if (!tags) return cache.getOrSet(key, load, { ttl });
        // Its getOrSet takes no tags.
        const found = await cache.get(key);
        if (found !== undefined) return found;
        const value = await load();
        await cache.set(key, value, { ttl, tags });
        return value;
      },
      close: () => cache.disconnect(),
    };
  },
};
