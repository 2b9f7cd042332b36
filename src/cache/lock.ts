import type { Token } from "./entry.js";
import { LockLostError, LockTimeoutError, StoreError } from "./errors.js";
import { keepLease, takeLease } from "./lease.js";
import { lockKey } from "./lock-key.js";
import type { Outage } from "./outage.js";
import { randomId } from "./random.js";
import type { LockSettings } from "./settings.js";
import type { Store } from "./store.js";
import { Waiting } from "./waiting.js";
import type { WaitingRooms } from "./waiting-rooms.js";

export interface LockOptions {
  /** How long the lock outlives a holder that died; it is renewed while the work runs. Default: the cache's. */
  leaseSeconds?: number;
  /** How long to wait for another holder; 0 tries once. Default: the cache's. */
  waitSeconds?: number;
}

/** Given to what runs under a lock. */
export interface LockContext {
  /**
   * Greater than that of every holder before. Hand it to what the lock protects, and let that refuse lower ones: no
   * lock can stop a holder that was paused, and wakes up after the lock has gone to another.
   */
  readonly fencingToken: number;
  /** Aborted with a LockLostError once the lock is, or may be, another's. */
  readonly signal: AbortSignal;
}

export interface Lock {
  readonly name: string;
  readonly settings: LockSettings;
}

interface Held {
  readonly token: Token;
  readonly fencingToken: number;
  /** When it was renewed last, before that was asked. */
  readonly heldSince: number;
}

/**
 * Runs `run` while holding a lock, which one caller of all processes has at a time: the lease of a key that is never
 * filled. It is renewed while `run` runs, and given up by nobody but its holder.
 *
 * @throws LockTimeoutError when it was not to be had in time, StoreUnavailableError when the store is out of reach:
 *   a lock cannot be had from the origin. And what `run` throws.
 */
export async function withLock<T>(
  parts: { readonly store: Store; readonly outage: Outage; readonly rooms: WaitingRooms },
  { name, settings }: Lock,
  run: (context: LockContext) => T | Promise<T>,
): Promise<T> {
  const { store, outage, rooms } = parts;
  const key = lockKey(name);
  const { leaseMs } = settings;
  const { token, fencingToken, heldSince } = await reachable(acquire());
  const lost = new AbortController();
  const onLost = () => {
    const text = `The lock "${name}" must be held until its work ends, but was lost.`;
    lost.abort(new LockLostError(text, { key: name }));
  };
  const lease = keepLease(store, { key, tags: [], token, leaseMs }, onLost, heldSince);
  try {
    return await run({ fencingToken, signal: lost.signal });
  } finally {
    lease.stop();
    // Out of reach: it runs out by itself.
    await store.releaseLease(key, token, 0).catch((error) => outage.notice(error));
  }

  async function acquire(): Promise<Held> {
    const waiting = new Waiting(rooms, key, [], settings.waitMs);
    let reading = await store.read(key, []);
    for (;;) {
      const { lease: others, token: seen } = reading;
      const held = others ? undefined : await take(seen);
      if (held) return held;
      if (waiting.isOver()) throw timedOut();
      if (others) waiting.stayBehind(others);
      else await waiting.wasRefused();
      reading = await (waiting.nextLook() ?? store.read(key, []));
    }
  }

  /**
   * The fencing token is drawn once the lease is held, and counts only if the lease is held still: a holder that was
   * stopped in between must not come out with a greater token than its successor's.
   */
  async function take(over: Token): Promise<Held | undefined> {
    const lease = { key, tags: [], leaseMs };
    const grant = await takeLease(store, { ...lease, token: randomId(), over });
    if (!grant.taken) return undefined;
    const { token } = grant;
    try {
      const fencingToken = await store.nextFence();
      const heldSince = performance.now();
      const isHeld = await store.renewLease({ ...lease, token });
      return isHeld ? { token, fencingToken, heldSince } : undefined;
    } catch (error) {
      // Nobody holds it, so nobody is to wait for it.
      store.releaseLease(key, token, 0).catch(() => {});
      throw error;
    }
  }

  function timedOut(): LockTimeoutError {
    return new LockTimeoutError(
      `The lock "${name}" must be had within ${settings.waitMs} ms, but another held it.`,
      { key: name },
    );
  }

  async function reachable(acquiring: Promise<Held>): Promise<Held> {
    try {
      return await acquiring;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      outage.notice(error);
      throw outage.error({ key: name });
    }
  }
}
