import { Cluster, Redis, type RedisOptions } from "ioredis";
import { parseRedisUrl, type RedisTarget } from "./redis-url.js";

export interface RedisFromUrlOptions {
  /** Milliseconds after which an unanswered command rejects. Default 1,000. */
  commandTimeoutMs?: number;
  /** Milliseconds a connection may take to open. Default 2,000. */
  connectTimeoutMs?: number;
  /** Called once when the server goes out of reach, or was never in reach. One line, without credentials. */
  onProblem?: (message: string) => void;
  /** Called once when it answers again. */
  onRecovery?: (message: string) => void;
}

export type RedisClient = Redis | Cluster;

type ConnectionOptions = Omit<RedisOptions, "replyMapping">;

/** No longer than this between two attempts to connect, so that we are back within a second of the server. */
const maxReconnectDelayMs = 500;

/**
 * A client for `REDIS_URL`, connecting in the background and reconnecting for as long as it takes.
 *
 * An unreachable server neither throws nor crashes: commands reject, at once while there is no connection and
 * after `commandTimeoutMs` otherwise; those to a cluster of which no node answers wait for one, so whoever asks sets
 * the limit, as the storage does. No command is sent twice, for the caller was told that it failed.
 * @throws InvalidRedisUrlError
 */
export function createRedisFromUrl(url: string, options: RedisFromUrlOptions = {}): RedisClient {
  const target = parseRedisUrl(url);
  const client = connect(target, options);
  reportOutages(client, target, options);
  return client;
}

/** Resolves to true once the client is connected, to false when `timeoutMs` pass before it is. */
export function redisReady(client: RedisClient, timeoutMs: number): Promise<boolean> {
  if (client.status === "ready") return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      client.off("ready", onReady);
      resolve(ready);
    };
    const onReady = () => settle(true);
    const timer = setTimeout(settle, timeoutMs, false);
    client.once("ready", onReady);
  });
}

function connect(target: RedisTarget, options: RedisFromUrlOptions): RedisClient {
  const { nodes, db, masterName } = target;
  const connection: ConnectionOptions = {
    ...(target.username !== undefined && { username: target.username }),
    ...(target.password !== undefined && { password: target.password }),
    ...(target.tls && { tls: {} }),
    connectTimeout: options.connectTimeoutMs ?? 2_000,
    commandTimeout: options.commandTimeoutMs ?? 1_000,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
  };
  const retry = (attempt: number) => Math.min(attempt * 50, maxReconnectDelayMs);

  if (target.kind === "cluster") {
    return new Cluster([...nodes], {
      redisOptions: connection,
      clusterRetryStrategy: retry,
      // Nodes are connected to when first used; without the queue the second command would be refused meanwhile.
      enableOfflineQueue: true,
      retryDelayOnFailover: 0,
      // A node's certificate names its host, so the names must survive the look-up.
      ...(target.tls && { dnsLookup: (host, callback) => callback(null, host) }),
    });
  }
  const single = { ...connection, db, retryStrategy: retry, enableOfflineQueue: false };
  if (target.kind === "sentinel" && masterName !== undefined) {
    return new Redis({
      ...single,
      sentinels: [...nodes],
      name: masterName,
      sentinelRetryStrategy: retry,
    });
  }
  return new Redis({ ...single, ...nodes[0] });
}

function reportOutages(client: RedisClient, target: RedisTarget, options: RedisFromUrlOptions) {
  const { onProblem = () => {}, onRecovery = () => {} } = options;
  const place = target.nodes.map(({ host, port }) => `${host}:${port}`).join(", ");
  let isDown = false;

  const down = (reason: string) => {
    if (isDown) return;
    isDown = true;
    onProblem(`Redis at ${place} is out of reach (${reason}); trying again until it answers`);
  };
  // Without a handler for "error" the client prints every failed attempt.
  client.on("error", (error: Error) => down(reasonOf(error)));
  client.on("reconnecting", () => down("connection lost"));
  client.on("ready", () => {
    if (!isDown) return;
    isDown = false;
    onRecovery(`Redis at ${place} answers again`);
  });
}

/** The code of a network error, or the server's own word; never its arguments. */
function reasonOf(error: Error & { code?: unknown; lastNodeError?: unknown }): string {
  if (error.lastNodeError instanceof Error) return reasonOf(error.lastNodeError);
  if (typeof error.code === "string") return error.code;
  return error.message.split("\n", 1)[0] ?? "";
}
