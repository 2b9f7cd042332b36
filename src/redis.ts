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

/** The server has no database of the number in `REDIS_URL`, or lets its user not choose it. One line. */
export class RefusedDatabaseError extends Error {
  readonly code = "E_REDIS_DATABASE_REFUSED";
  override readonly name = "RefusedDatabaseError";

  constructor(db: number, cause: Error) {
    super(
      `REDIS_URL must name a database that the server has and lets its user choose, but it refused number ${db} (${reasonOf(cause)})`,
      { cause },
    );
  }
}

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

/**
 * Waits until the first attempt to connect has come to an end, whatever that is, or `timeoutMs` pass.
 * @throws RefusedDatabaseError
 */
export function firstAttempt(client: RedisClient, timeoutMs: number): Promise<void> {
  if (client.status === "ready") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      client.off("ready", onReady);
      client.off("error", settle);
      if (error && isRefusedDatabase(error) && isLasting(error) && !client.isCluster) {
        reject(new RefusedDatabaseError((client as Redis).options.db ?? 0, error));
      } else resolve();
    };
    const onReady = () => settle();
    const timer = setTimeout(settle, timeoutMs);
    client.once("ready", onReady);
    client.once("error", settle);
  });
}

function connect(target: RedisTarget, options: RedisFromUrlOptions): RedisClient {
  const { nodes, db, masterName } = target;
  const { commandTimeoutMs = 1_000 } = options;
  const connection: ConnectionOptions = {
    ...(target.username !== undefined && { username: target.username }),
    ...(target.password !== undefined && { password: target.password }),
    ...(target.tls && { tls: {} }),
    connectTimeout: options.connectTimeoutMs ?? 2_000,
    commandTimeout: commandTimeoutMs,
    // A server that hangs keeps its connections open: only so is it told as an outage.
    socketTimeout: 2 * commandTimeoutMs,
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
    return new FaithfulRedis({
      ...single,
      sentinels: [...nodes],
      name: masterName,
      sentinelRetryStrategy: retry,
    });
  }
  return new FaithfulRedis({ ...single, ...nodes[0] });
}

/**
 * ioredis calls a connection ready whose SELECT was refused, and works in database 0 then. This one, and each made of
 * it by `duplicate`, hangs up and tries again.
 */
class FaithfulRedis extends Redis {
  constructor(options: ConnectionOptions) {
    super(options);
    this.on("error", (error: Error) => {
      if (isRefusedDatabase(error)) this.disconnect(true);
    });
  }

  override duplicate(override: ConnectionOptions = {}): Redis {
    return new FaithfulRedis({ ...this.options, ...override });
  }
}

function isRefusedDatabase(error: Error & { command?: { name?: string } }): boolean {
  return error.name === "ReplyError" && error.command?.name === "select";
}

/** Not as BUSY or LOADING, which pass. */
function isLasting(error: Error): boolean {
  return /^(ERR|NOPERM)\b/.test(error.message);
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
