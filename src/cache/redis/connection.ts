import type { Cluster, Redis } from "ioredis";
import { StoreError, StoreUnavailableError, UnsupportedStoreError } from "../errors.js";
import type { RedisClient } from "./client.js";
import { duplicate } from "./duplicate.js";
import { asStoreError, isMissingScript } from "./reply-error.js";
import { type Script, scripts } from "./scripts.js";

export type Argument = string | number | Buffer;

/** One command; its first word is its name. */
export type Command = readonly [name: string, ...args: Argument[]];

/** A connection of our own beside the user's, with our own ideas of retries, offline queues and prefixes. */
export interface Connection {
  readonly isCluster: boolean;
  /** Why nothing can be sent now, as a sentence. */
  readonly problem: string | undefined;
  /**
   * Sends all commands at once, on a single server in one write, and waits for all replies. Texts come as Buffers.
   * A reply that is an error stands in its place as a StoreError.
   *
   * @throws StoreUnavailableError when not all replies came within the time limit
   */
  sendAll(commands: readonly Command[]): Promise<unknown[]>;
  /** As `sendAll` for one command, whose error reply is thrown. */
  send(...command: Command): Promise<unknown>;
  /** The clients of all masters. */
  masters(): Redis[];
  /** Runs at every (re)connect. */
  onReady(listener: () => void): void;
  close(): void;
}

/** The command that runs a script. */
export function evaluate(
  script: Script,
  keys: readonly string[],
  ...args: readonly Argument[]
): Command {
  return ["evalsha", script.sha, script.keys, ...keys, ...args];
}

/** @throws UnsupportedStoreError for a client that reads from replicas, which an eviction reaches too late. */
export function openConnection(given: RedisClient, commandTimeoutMs: number): Connection {
  const client = duplicate(given);
  const readyListeners: Array<() => void> = [];
  let unsupported: UnsupportedStoreError | undefined;
  // Failures show in the commands that meet them.
  client.on("error", () => {});
  client.on("ready", () => {
    prepare().catch(() => {});
  });

  async function prepare(): Promise<void> {
    const servers = masters();
    const infos = await Promise.all(servers.map((server) => server.info("server")));
    unsupported = infos.map(checkVersion).find((error) => error !== undefined);
    const sources = Object.values(scripts).map(({ lua }) => lua);
    await Promise.all(
      servers.flatMap((server) => sources.map((lua) => server.script("LOAD", lua))),
    );
    for (const listener of readyListeners) listener();
  }

  async function sendAll(commands: readonly Command[]): Promise<unknown[]> {
    if (unsupported) throw new StoreUnavailableError(unsupported.message, { cause: unsupported });
    if (client.status !== "ready") await within(commandTimeoutMs, becomeReady(client));
    const replies = await within(commandTimeoutMs, exchange(commands));
    // Out of reach is out of reach, whichever command of the batch found it out.
    for (const reply of replies) if (reply instanceof StoreUnavailableError) throw reply;
    return replies;
  }

  async function exchange(commands: readonly Command[]): Promise<unknown[]> {
    const replies = await transmit(commands);
    for (const [index, reply] of replies.entries()) {
      if (!(reply instanceof Error)) continue;
      const command = commands[index] as Command;
      // A server that was restarted or promoted is given the scripts it lacks.
      replies[index] = isMissingScript(reply)
        ? await call(withSource(command)).catch(asStoreError)
        : asStoreError(reply);
    }
    return replies;
  }

  async function transmit(commands: readonly Command[]): Promise<unknown[]> {
    const [first] = commands;
    if (commands.length === 1 && first) return [await call(first).catch(asError)];
    if (client.isCluster) {
      return Promise.all(commands.map((command) => call(command).catch(asError)));
    }
    const pipeline = (client as Redis).pipeline();
    for (const [name, ...args] of commands) pipeline.callBuffer(name, args);
    const results = (await pipeline.exec()) ?? [];
    return results.map(([error, reply]) => error ?? reply);
  }

  function call([name, ...args]: Command): Promise<unknown> {
    return client.callBuffer(name, args);
  }

  function masters(): Redis[] {
    return client.isCluster ? (client as Cluster).nodes("master") : [client as Redis];
  }

  return {
    isCluster: client.isCluster,
    get problem() {
      if (unsupported) return unsupported.message;
      return client.status === "ready" ? undefined : "The connection to Redis is down.";
    },
    sendAll,
    async send(...command) {
      const [reply] = await sendAll([command]);
      if (reply instanceof StoreError) throw reply;
      return reply;
    },
    masters,
    onReady: (listener) => readyListeners.push(listener),
    close: () => client.disconnect(),
  };
}

/** Waits for `promise` within the time limit, and makes every failure a StoreError. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // Where this process was busy, the answer may have come and not been read: it is, before an immediate runs.
    timer = setTimeout(setImmediate, limitMs, () => {
      const text = `Redis must answer within ${limitMs} ms, but did not.`;
      reject(new StoreUnavailableError(text));
    });
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw asStoreError(error);
  } finally {
    clearTimeout(timer);
  }
}

function becomeReady(client: RedisClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void) => () => {
      client.off("ready", onReady);
      client.off("end", onEnd);
      run();
    };
    const onReady = settle(resolve);
    const onEnd = settle(() => reject(new Error("The connection was closed.")));
    client.once("ready", onReady);
    client.once("end", onEnd);
    if (client.status === "end") onEnd();
  });
}

function withSource([, sha, ...rest]: Command): Command {
  const script = Object.values(scripts).find((candidate) => candidate.sha === sha) as Script;
  return ["eval", script.lua, ...rest];
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

/** Redis 7.0 brought what the scripts rely on; Valkey has had it from its first release on. */
function checkVersion(info: string): UnsupportedStoreError | undefined {
  const found = /^(?:redis|valkey)_version:(\d+)\.(\S+)/m.exec(info);
  if (!found || Number(found[1]) >= 7) return undefined;
  return new UnsupportedStoreError(
    `The server must be Redis 7.0 or newer, or Valkey 7.2 or newer, but is version ${found[1]}.${found[2]}.`,
  );
}
