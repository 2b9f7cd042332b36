import { StorageUnavailableError } from "../errors.js";
import type { RedisClient } from "./redis-client.js";
import { toStorageError } from "./to-storage-error.js";

export interface OutageGuard {
  /**
   * Sends a command, and settles within the time limit whatever the client's own settings are: a default ioredis
   * client would queue it for as long as the server is away, and send it long after its caller was told it failed.
   * @throws StorageUnavailableError
   */
  run<T>(send: () => Promise<T>): Promise<T>;
}

export interface OutageGuardOptions {
  /** Milliseconds a command may take in all. */
  timeoutMs: number;
  /** Milliseconds for which nothing is sent after a server that is connected did not serve. */
  pauseMs: number;
}

/**
 * In the first `timeoutMs` without a connection commands wait for it, so a short break goes unnoticed; later they
 * fail at once. A server that is connected but did not answer is left alone for `pauseMs`, then tried by one command.
 */
export function createOutageGuard(client: RedisClient, options: OutageGuardOptions): OutageGuard {
  const { timeoutMs, pauseMs } = options;
  let disconnectedSince: number | undefined;
  let failure: { at: number; error: StorageUnavailableError } | undefined;
  let isProbing = false;
  let connected: Promise<void> | undefined;

  client.on("close", () => {
    disconnectedSince ??= performance.now();
  });
  client.on("ready", () => {
    disconnectedSince = undefined;
    failure = undefined;
  });

  return {
    async run(send) {
      const startedAt = performance.now();
      const isProbe = admit(startedAt);
      try {
        const result = await sendInTime(startedAt, send);
        failure = undefined;
        return result;
      } catch (cause) {
        const error = toStorageError(cause);
        // Without a connection the next command waits for it, or fails, by itself.
        if (error instanceof StorageUnavailableError && client.status === "ready") {
          failure = { at: performance.now(), error };
        }
        throw error;
      } finally {
        if (isProbe) isProbing = false;
      }
    },
  };

  /** Throws where nothing should be sent now. Answers whether this command is the one that tries the server again. */
  function admit(now: number): boolean {
    if (client.status === "end") throw unavailable("the client was closed");
    if (client.status !== "ready" || failure === undefined) return false;
    if (isProbing || now < failure.at + pauseMs) {
      throw unavailable("it just failed to answer another command", failure.error);
    }
    isProbing = true;
    return true;
  }

  async function sendInTime<T>(startedAt: number, send: () => Promise<T>): Promise<T> {
    // Measured from the loss of the connection, waiting for it costs all waiters together one time limit. And only
    // who waited in time sends: what a caller was told has failed must not be done after all.
    if (client.status !== "ready") {
      disconnectedSince ??= startedAt;
      await before(disconnectedSince + timeoutMs, untilConnected());
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

  /** One listener for all who wait. */
  function untilConnected(): Promise<void> {
    if (client.status === "wait") client.connect().catch(() => {});
    connected ??= new Promise((resolve) => {
      client.once("ready", () => {
        connected = undefined;
        resolve();
      });
    });
    return connected;
  }
}

function unavailable(reason: string, cause?: unknown): StorageUnavailableError {
  return new StorageUnavailableError(`Redis must answer, but it did not: ${reason}.`, cause);
}
