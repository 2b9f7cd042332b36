import { Redis } from "ioredis";
import { type ContenderKind, importAs } from "./contender.js";

interface Bento {
  getOrSet(options: {
    key: string;
    ttl: number;
    tags: string[];
    factory: () => Promise<unknown>;
  }): Promise<unknown>;
  disconnectAll(): Promise<void>;
}

interface BentoModule {
  BentoCache: new (options: { default: string; stores: Record<string, unknown> }) => Bento;
  bentostore(): { useL2Layer(driver: unknown): unknown };
}

interface DriverModule {
  redisDriver(options: { connection: Redis }): unknown;
}

export const bentocache: ContenderKind = {
  name: "bentocache",
  packages: ["bentocache"],
  hasTags: true,
  async open(url) {
    const { BentoCache, bentostore } = await importAs<BentoModule>("bentocache");
    const { redisDriver } = await importAs<DriverModule>("bentocache/drivers/redis");
    const driver = redisDriver({ connection: new Redis(url) });
    const cache = new BentoCache({
      default: "redis",
      stores: { redis: bentostore().useL2Layer(driver) },
    });
    return {
      getOrSet: (key, { ttlSeconds, tags = [] }, factory) =>
        cache.getOrSet({ key, ttl: ttlSeconds * 1000, tags, factory }),
      close: () => cache.disconnectAll(),
    };
  },
};
