import type { Redis } from "ioredis";
import { createRedisStorage, type Storage } from "../../src/storage/index.js";
import { type RedisServer, startRedis } from "./redis-server.js";

/** A storage whose server can be killed, and comes back with all that it had acknowledged. */
export interface LastingStorage extends AsyncDisposable {
  readonly server: RedisServer;
  readonly redis: Redis;
  readonly storage: Storage;
}

export async function startLastingStorage(): Promise<LastingStorage> {
  const server = await startRedis({
    args: ["--appendonly", "yes", "--appendfsync", "always"],
  });
  const redis = server.client({ enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
  return {
    server,
    redis,
    storage: createRedisStorage({ redis, commandTimeoutMs: 200 }),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
