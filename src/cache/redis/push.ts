import type { Redis } from "ioredis";
import { cameWithin } from "../deferred.js";
import type { Pushed, Watch } from "../store.js";
import { createWakers } from "../wakers.js";
import type { RedisClient } from "./client.js";
import { duplicate } from "./duplicate.js";
import type { Keys } from "./keys.js";
import { StoredRecord } from "./record.js";
import { dropSocket } from "./revival.js";

/** What other processes tell: ends of fills that somebody here waits for, and evictions. All of it is a hint. */
export interface Push {
  readonly isConnected: boolean;
  /** Resolves once the server knows of it, or at `limitMs`: a slow poll is the net. */
  watch(key: string): Promise<Watch>;
  /** From now on the listener is told of all keys, and not of those alone that somebody waits for. */
  hearAll(): void;
  /** Makes sure in the background that the server answers on it, and connects anew where it does not. */
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
  const subscribing = new Map<string, Promise<unknown>>();
  const wakers = createWakers(() => {
    lingering ??= setTimeout(unsubscribeIdle, LINGER_MS).unref();
  });
  const wakePrefix = keys.wake("");
  let isConnected = false;
  let hearsAll = false;
  let isChecking = false;
  let retry: NodeJS.Timeout | undefined;
  let lingering: NodeJS.Timeout | undefined;

  client.on("error", () => {});
  client.on("close", () => {
    isConnected = false;
    // At the next connect only those are subscribed to that somebody waits for.
    forgetIdle();
    listener.onDisconnect();
  });
  client.on("ready", subscribe);

  async function subscribe(): Promise<void> {
    const waitedFor = [...wakers.keys()].map((key) => keys.wake(key));
    const subscribing = [client.subscribe(keys.evictions, ...waitedFor)];
    if (hearsAll) subscribing.push(client.psubscribe(keys.everyWake));
    try {
      await Promise.all(subscribing);
    } catch {
      // Lost again, and subscribed to at the next connect; or refused, and perhaps not for good.
      clearTimeout(retry);
      retry = setTimeout(() => client.status === "ready" && subscribe(), RETRY_AFTER_MS);
      retry.unref();
      return;
    }
    isConnected = true;
    listener.onConnect();
    wakers.wakeAll();
  }

  function subscribeTo(key: string): Promise<unknown> {
    const subscribed = client.subscribe(keys.wake(key)).catch(() => subscribing.delete(key));
    subscribing.set(key, subscribed);
    return subscribed;
  }

  function unsubscribeIdle(): void {
    lingering = undefined;
    const channels = forgetIdle().map((key) => keys.wake(key));
    if (isConnected && channels.length > 0) client.unsubscribe(...channels).catch(() => {});
  }

  function forgetIdle(): string[] {
    const idle = [...subscribing.keys()].filter((key) => !wakers.has(key));
    for (const key of idle) subscribing.delete(key);
    return idle;
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
    async watch(key) {
      const watch = wakers.add(key);
      if (isConnected) {
        await cameWithin(subscribing.get(key) ?? subscribeTo(key), limitMs);
      }
      return watch;
    },
    hearAll() {
      if (hearsAll) return;
      hearsAll = true;
      if (!isConnected) return;
      client.psubscribe(keys.everyWake).then(
        () => listener.onConnect(),
        () => {},
      );
    },
    check() {
      if (!isConnected || isChecking) return;
      isChecking = true;
      const answered = client.ping().then(
        () => true,
        () => false,
      );
      cameWithin(answered, limitMs).then((isAlive) => {
        isChecking = false;
        if (!isAlive && isConnected && !client.isCluster) dropSocket(client as Redis);
      });
    },
    close() {
      clearTimeout(retry);
      clearTimeout(lingering);
      client.disconnect();
    },
  };
}
