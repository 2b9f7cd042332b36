import { Redis } from "ioredis";
import type { ContenderKind } from "./contender.js";

/** No cache at all, but one `GET` of a key that is never loaded: what the machine itself makes of such requests. */
export const rawGet: ContenderKind = {
  name: "(raw ioredis.get)",
  packages: [],
  hasTags: false,
  async open(url) {
    const redis = new Redis(url);
    return {
      getOrSet: (key) => redis.get(key),
      close: async () => redis.disconnect(),
    };
  },
};
