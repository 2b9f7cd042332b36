import { StorageUnavailableError } from "../errors.js";
import { watchClient } from "./client-watch.js";
import { nodeOfKey } from "./node-of-key.js";
import type { RedisClient } from "./redis-client.js";
import { isRefusal, toStorageError } from "./to-storage-error.js";

export interface OutageGuard {
  /**
   * Sends a command on a key, and settles within the time limit whatever the client's own settings are: a default ioredis
   * client would queue it for as long as the server is away, and send it long after its caller was told it failed.
   * @throws StorageUnavailableError
   */
  run<T>(key: string, send: () => Promise<T>): Promise<T>;
}

export interface OutageGuardOptions {
  /** Milliseconds a command may take in all. */
  timeoutMs: number;
  /** Milliseconds for which nothing is sent after a server that is connected did not serve. */
  pauseMs: number;
}

/** A node that did not serve. */
interface Failure {
  at: number;
  error: StorageUnavailableError;
  isProbed: boolean;
  /** Of the connection that it showed on: the next one says nothing of it. */
  readonly timesReady: number;
}

/**
 * In the first `timeoutMs` without a connection commands wait for it, so a short break goes unnoticed; later they
 * fail at once. A server that is connected but did not answer is left alone for `pauseMs`, then tried by one command. The masters of
 * a cluster are told apart: one that is lost takes with it what lies on it, and nothing else.
 */
export function createOutageGuard(client: RedisClient, options: OutageGuardOptions): OutageGuard {
  const { timeoutMs, pauseMs } = options;
  const watch = watchClient(client);
  /** By the node's address. */
  const failures = new Map<string, Failure>();

  return {
    async run(key, send) {
      const startedAt = performance.now();
      const node = nodeOfKey(client, key);
      const probed = admit(node, startedAt);
      try {
        const result = await sendInTime(startedAt, send);
        failures.delete(node);
        return result;
      } catch (cause) {
        const error = toStorageError(cause);
        // Without a connection the next command waits for it, or fails, by itself.
        if (error instanceof StorageUnavailableError && client.status === "ready") {
          const { timesReady } = watch;
          failures.set(node, { at: performance.now(), error, isProbed: false, timesReady });
        }
        if (isRefusal(cause)) failures.delete(node);
        throw error;
      } finally {
        if (probed) probed.isProbed = false;
      }
    },
  };

  /** Throws where nothing should be sent now. Answers with the failure that this command is to try again. */
  function admit(node: string, now: number): Failure | undefined {
    if (client.status === "end") throw unavailable("the client was closed");
    const failure = failures.get(node);
    if (client.status !== "ready" || failure?.timesReady !== watch.timesReady) return undefined;
    if (failure.isProbed || now < failure.at + pauseMs) {
      throw unavailable("it just failed to answer another command", failure.error);
    }
    failure.isProbed = true;
    return failure;
  }

  async function sendInTime<T>(startedAt: number, send: () => Promise<T>): Promise<T> {
    // Measured from the loss of the connection, waiting for it costs all waiters together one time limit. And only
    // who waited in time sends: what a caller was told has failed must not be done after all.
    if (client.status !== "ready") {
      watch.disconnectedSince ??= startedAt;
      await connectedBy(watch.disconnectedSince + timeoutMs);
    }
    return before(startedAt + timeoutMs, send());
  }

  async function before<T>(deadline: number, result: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      const fail = () => reject(unavailable(`no answer within ${timeoutMs} ms`));
      // A process that was busy itself finds answers waiting, which it reads between its timers and its immediates.
      timer = setTimeout(() => setImmediate(fail), deadline - performance.now());
    });
    try {
      return await Promise.race([limit, result]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** However long the server is away, nothing is left of who waited in vain, as would hang on a promise all share. */
  async function connectedBy(deadline: number): Promise<void> {
    if (client.status === "wait") client.connect().catch(() => {});
    let tell = () => {};
    const connected = new Promise<void>((resolve) => {
      tell = resolve;
    });
    watch.waiting.add(tell);
    try {
      await before(deadline, connected);
    } finally {
      watch.waiting.delete(tell);
    }
  }
}

function unavailable(reason: string, cause?: unknown): StorageUnavailableError {
  return new StorageUnavailableError(`Redis must answer, but it did not: ${reason}.`, cause);
}
