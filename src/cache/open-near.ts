import type { Codec } from "./codec.js";
import { createNearCache, type NearCache } from "./near-cache.js";
import { createNearSight } from "./near-sight.js";
import { type NearStream, openNearStream } from "./near-stream.js";
import type { Settings } from "./settings.js";
import type { Store } from "./store.js";

/** The near cache with what keeps it coherent; nothing of it where it is off, or the store is this process's own. */
export interface Near {
  readonly near?: NearCache;
  readonly stream?: NearStream;
  readonly watchNear?: ReturnType<typeof createNearSight>;
}

export function openNear(
  store: Store,
  codec: Codec,
  { near: settings, earlyRefresh }: Pick<Settings, "near" | "earlyRefresh">,
): Near {
  if (!settings || !store.listen) return {};
  const near = createNearCache(settings, codec, store.now, earlyRefresh);
  const stream = openNearStream(store, near, settings.maxAgeMs);
  return { near, stream, watchNear: createNearSight(near, stream) };
}
