import { cameWithin } from "../deferred.js";
import type { Pushed, Watch } from "../store.js";
import { createWakers } from "../wakers.js";
import type { RedisClient } from "./client.js";
import { duplicate } from "./duplicate.js";
import { createForbidden } from "./forbidden.js";
import type { Keys } from "./keys.js";
import { StoredRecord } from "./record.js";
import { connectAnew } from "./revival.js";

/** What other processes tell: ends of fills that somebody here waits for, and evictions. All of it is a hint. */
export interface Push {
  readonly isConnected: boolean;
  /** Why it is not, or not for all that it is asked for, as a sentence. */
  readonly problem: string | undefined;
  /** Resolves once the server knows of it, or at `limitMs`: a slow poll is the net. */
  watch(key: string): Promise<Watch>;
  /** From now on the listener is told of all keys, and not of those alone that somebody waits for. */
  hearAll(): void;
  /** Makes sure in the background that the server answers on it, and connects anew where it does not. Also done unasked. */
  check(): void;
  close(): void;
}

export interface PushListener {
  /** A tag was evicted, as the message of the evicting script says. */
  onEviction(message: string): void;
  /** A key was filled, deleted or given up. */
  onKey(key: string): void;
  /** The stream (re)connected: what was told meanwhile was not heard. */
  onConnect(): void;
  onDisconnect(): void;
}

const RETRY_AFTER_MS = 1000;
/** Nothing may come for hours: often enough for those between us and the server that forget what is idle. */
const CHECK_EVERY_MS = 15_000;
/** The client of a cluster may have to connect to another node first. */
const CLUSTER_ANSWER_MS = 1000;
/** Who waits for a key once often does so again; and when a fill ends, all have better to do than to unsubscribe. */
const LINGER_MS = 1000;

/** What was committed, as commit-entry.lua tells it; undefined for a mere wake. */
function readPushed(message: Buffer): Pushed | undefined {
  const record = StoredRecord.of(message);
  return record?.entry && { token: record.token, entry: record.entry };
}

export function openPush(
  given: RedisClient,
  keys: Keys,
  limitMs: number,
  listener: PushListener,
): Push {
  // Subscribed to anew by ourselves at every connect, so the client need not remember.
  const client = duplicate(given, { subscriber: true });
  /** Keys whose wakes this connection was asked to tell, and when it will have been. */
  const registered = new Map<string, Promise<unknown>>();
  /** Keys that a connection was lost with: the client of a cluster asks the next for them, waited for or not. */
  const leftOver = new Set<string>();
  const wakers = createWakers(linger);
  const wakePrefix = keys.wake("");
  const forbidden = createForbidden();
  let isConnected = false;
  let hearsAll = false;
  let isChecking = false;
  let retry: NodeJS.Timeout | undefined;
  let lingering: NodeJS.Timeout | undefined;

  const checking = setInterval(check, CHECK_EVERY_MS).unref();

  client.on("error", () => {});
  client.on("close", () => {
    isConnected = false;
    // At the next connect those are registered that somebody waits for then.
    leave(registered.keys());
    registered.clear();
    listener.onDisconnect();
  });
  client.on("ready", subscribe);

  async function subscribe(): Promise<void> {
    const subscribing = [client.subscribe(keys.evictions), ...register([...wakers.keys()])];
    if (hearsAll) subscribing.push(client.psubscribe(keys.everyWake));
    try {
      await Promise.all(subscribing);
    } catch (error) {
      // Lost again, and subscribed to at the next connect; or refused, and perhaps not for good.
      forbidden.note(error);
      clearTimeout(retry);
      retry = setTimeout(() => client.status === "ready" && subscribe(), RETRY_AFTER_MS);
      retry.unref();
      return;
    }
    isConnected = true;
    listener.onConnect();
    wakers.wakeAll();
    // Who came meanwhile was not registered, as long as nobody could be.
    register([...wakers.keys()].filter((key) => !registered.has(key)));
    linger();
  }

  /** What fails is forgotten, so that the next who waits tries again. */
  function register(waitedFor: readonly string[]): Promise<unknown>[] {
    return inSlices(waitedFor).map((some) => {
      const subscribed: Promise<unknown> = client.subscribe(...some.map((key) => keys.wake(key)));
      const settled = subscribed.catch((error) => {
        forbidden.note(error);
        for (const key of some) if (registered.get(key) === settled) registered.delete(key);
      });
      for (const key of some) registered.set(key, settled);
      return subscribed;
    });
  }

  function leave(some: Iterable<string>): void {
    if (client.isCluster) for (const key of some) leftOver.add(key);
  }

  function linger(): void {
    lingering ??= setTimeout(unregisterIdle, LINGER_MS).unref();
  }

  function unregisterIdle(): void {
    lingering = undefined;
    const idle = [...registered.keys(), ...leftOver].filter((key) => !wakers.has(key));
    for (const key of idle) registered.delete(key);
    leftOver.clear();
    for (const some of inSlices(idle)) {
      client.unsubscribe(...some.map((key) => keys.wake(key))).catch(() => {
        leave(some);
        // Else the next connect sees to them. This one may have come before the last heard that it failed.
        if (client.status === "ready") linger();
      });
    }
  }

  /** Resolves once the server has answered on the connection that hears. */
  function answer(): Promise<unknown> {
    // It was asked whether it is ready.
    if (client.status === "connect") return new Promise((resolve) => client.once("ready", resolve));
    // Of what the client of a cluster is asked, subscriptions alone go over that connection.
    const asked = client.isCluster ? client.subscribe(keys.evictions) : client.ping();
    // A refusal is an answer as well.
    return (asked as Promise<unknown>).catch(() => {});
  }

  function isOpen(): boolean {
    return client.status === "ready" || client.status === "connect";
  }

  function check(): void {
    if (!isOpen() || isChecking) return;
    isChecking = true;
    const answerMs = client.isCluster ? Math.max(limitMs, CLUSTER_ANSWER_MS) : limitMs;
    cameWithin(answer(), answerMs).then((isAnswered) => {
      isChecking = false;
      if (!isAnswered && isOpen()) connectAnew(client);
    });
  }

  client.on("pmessage", (_: string, channel: string) => {
    listener.onKey(channel.slice(wakePrefix.length));
  });
  client.on("messageBuffer", (name: Buffer, message: Buffer) => {
    const channel = name.toString();
    if (channel === keys.evictions) {
      listener.onEviction(message.toString());
      wakers.wakeAll();
    } else if (channel.startsWith(wakePrefix)) {
      wakers.wake(channel.slice(wakePrefix.length), readPushed(message));
    }
  });

  return {
    get isConnected() {
      return isConnected;
    },
    get problem() {
      if (forbidden.problem) return forbidden.problem;
      return isConnected
        ? undefined
        : "The push connection to Redis is down: waiting callers poll.";
    },
    async watch(key) {
      const watch = wakers.add(key);
      if (isConnected) {
        if (!registered.has(key)) register([key]);
        await cameWithin(registered.get(key) as Promise<unknown>, limitMs);
      }
      return watch;
    },
    hearAll() {
      if (hearsAll) return;
      hearsAll = true;
      if (!isConnected) return;
      client.psubscribe(keys.everyWake).then(() => listener.onConnect(), forbidden.note);
    },
    check,
    close() {
      clearInterval(checking);
      clearTimeout(retry);
      clearTimeout(lingering);
      client.disconnect();
    },
  };
}

/** So many names a command: a crowd of keys must not be one call's arguments. */
const SLICE = 1000;

function inSlices(names: readonly string[]): string[][] {
  const slices: string[][] = [];
  for (let at = 0; at < names.length; at += SLICE) slices.push(names.slice(at, at + SLICE));
  return slices;
}
