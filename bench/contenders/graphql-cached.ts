import { Redis } from "ioredis";
import { library } from "../support/library.js";
import type { ContenderKind } from "./contender.js";

/** What saturates a machine on purpose waits longer than the default allows. */
const COMMAND_TIMEOUT_MS = 1000;

export const graphqlCached: ContenderKind = {
  name: "graphql-cached",
  packages: [],
  hasTags: true,
  async open(url) {
    const { createCache } = await library();
    const redis = new Redis(url);
    const cache = createCache({ redis, commandTimeoutMs: COMMAND_TIMEOUT_MS });
    return {
      getOrSet: cache.getOrSet,
      async close() {
        await cache.close();
        redis.disconnect();
      },
    };
  },
};
