import { type Codec, createCodec } from "./codec.js";
import { compressed } from "./compression.js";
import { createMemoryStore } from "./memory-store.js";
import { createRedisStore } from "./redis/redis-store.js";
import type { Settings } from "./settings.js";
import type { Store } from "./store.js";

/** Where entries live: on the given client's Redis, or in this process without one. */
export function openStore(settings: Settings): Store {
  return settings.redis
    ? createRedisStore({
        redis: settings.redis,
        prefix: settings.prefix,
        leaseMs: settings.leaseMs,
        commandTimeoutMs: settings.commandTimeoutMs,
        waitReplicas: settings.waitReplicas,
        breakerOpenMs: settings.breakerOpenMs,
      })
    : createMemoryStore({ maxEntries: settings.maxEntries, maxBytes: settings.maxBytes });
}

/** How values become bytes there. In process there is nothing to gain from compressing. */
export function codecFor(
  store: Store,
  { serializer, compressAboveBytes }: Pick<Settings, "serializer" | "compressAboveBytes">,
): Codec {
  const codec = createCodec(serializer);
  return store.kind === "memory" ? codec : compressed(codec, compressAboveBytes);
}
