import type { Redis } from "ioredis";
import { afterAll } from "vitest";
import { type Connection, openConnection } from "../../src/cache/redis/connection.js";
import { type RedisServer, startRedis } from "./redis-server.js";

export interface TestConnection {
  readonly server: RedisServer;
  /** A user's client of it. */
  readonly redis: Redis;
  /** The engine's, ready. */
  readonly connection: Connection;
}

/** A server of the test file's own and a connection to it, for as long as the file runs. */
export async function testConnection(commandTimeoutMs = 5_000): Promise<TestConnection> {
  const server = await startRedis();
  const redis = server.client();
  const connection = openConnection(redis, commandTimeoutMs);
  afterAll(async () => {
    connection.close();
    await server.stop();
  });
  await connection.send("ping");
  return { server, redis, connection };
}
