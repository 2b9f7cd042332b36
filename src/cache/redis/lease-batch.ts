import { StoreError } from "../errors.js";
import type { LeaseGrant, LeaseRequest, OnSend, Snapshot, Store } from "../store.js";
import { createTickBatch, createTickCalls } from "../tick-batch.js";
import { createClaim } from "./claim.js";
import type { Connection } from "./connection.js";
import type { Keys } from "./keys.js";
import { isGranted, type LeaseAnswer } from "./lease-commands.js";
import type { EvictionLog } from "./log.js";
import { readPin } from "./pins.js";
import { readLogPosition } from "./tag-version.js";

export interface LeaseStep {
  /** Lease and snapshot in one round trip; those of one tick share it and settle together. */
  take(request: LeaseRequest): Promise<LeaseGrant>;
  /** Settles with those that the group takes in this tick; without any, at once, and asks the server nothing. */
  beside(group: object): Promise<void>;
  /** The snapshot alone, for tags known only from a result; those of one tick share it. */
  snapshot: Store["snapshot"];
}

interface Wanted {
  readonly request: LeaseRequest;
  resolve(grant: LeaseGrant): void;
  reject(error: unknown): void;
}

/** Known only from a result. */
interface Tags {
  readonly tags: readonly string[];
  readonly onSend: OnSend | undefined;
}

/** Nothing to take, but a load to begin when others of its group begin theirs. */
interface Beside {
  readonly group: object;
  resolve(taken: Promise<void> | undefined): void;
}

export function createLeaseStep(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  claimMs: number,
): LeaseStep {
  const claim = createClaim(connection, keys, log, claimMs);
  const enqueue = createTickBatch<Wanted | Beside>((asked) => {
    const items = asked.filter(isWanted).filter(isInReach);
    const taken = flush(items).catch((error) => {
      for (const { reject } of items) reject(error);
    });
    const taking = new Set(items.map(({ request }) => request.group));
    for (const one of asked) {
      if (!isWanted(one)) one.resolve(taking.has(one.group) ? taken : undefined);
    }
  });

  const snapshot = createTickCalls<Tags, Snapshot>(async (calls) => {
    const inReach = calls.filter(({ asked, reject }) =>
      areInReach(asked.tags.map(keys.tag), reject),
    );
    if (inReach.length === 0) return;
    const tags = [...new Set(inReach.flatMap(({ asked }) => asked.tags))];
    const { snapshotOf } = await claim(tags, [], 0, (limitMs) => {
      for (const { asked } of inReach) asked.onSend?.(limitMs);
    });
    for (const { asked, resolve } of inReach) resolve(snapshotOf(asked.tags));
  });

  function isInReach({ request: { key, tags }, reject }: Wanted): boolean {
    return areInReach([keys.entry(key), ...tags.map(keys.tag)], reject);
  }

  function areInReach(names: readonly string[], reject: (error: unknown) => void): boolean {
    const refusal = connection.refusal([keys.log, ...names]);
    if (refusal) reject(refusal);
    return !refusal;
  }

  async function flush(items: readonly Wanted[]): Promise<void> {
    if (items.length === 0) return;
    const requests = items.map(({ request }) => request);
    const tags = [...new Set(requests.flatMap((request) => request.tags))];
    // A lease is marked with where the log stood, so a process that has not heard of the log yet asks first.
    const askedAt = performance.now();
    const mark = log.known ?? (await log.read());
    const usedMs = performance.now() - askedAt;
    const asked = requests.map((request) => ({ request, mark }));
    const { answers, snapshotOf } = await claim(tags, asked, usedMs);
    items.forEach(({ request, resolve, reject }, index) => {
      const { token, lease, deletion, pin } = answers[index] as LeaseAnswer;
      const failure = [lease, deletion, pin].find((reply) => reply instanceof StoreError);
      if (failure) reject(failure);
      else if (!isGranted(lease)) resolve(REFUSED);
      else {
        const deletedAt = readLogPosition(String(deletion ?? ""));
        const snapshot = { ...snapshotOf(request.tags), deletedAt };
        resolve({ taken: true, token, snapshot, pinned: readPin(pin ?? lease) });
      }
    });
  }

  return {
    take: (request) =>
      new Promise((resolve, reject) => {
        enqueue({ request, resolve, reject });
      }),
    beside: (group) =>
      new Promise((resolve) => {
        enqueue({ group, resolve });
      }),
    snapshot: (tags, onSend) => snapshot({ tags, onSend }),
  };
}

const REFUSED: LeaseGrant = { taken: false };

function isWanted(one: Wanted | Beside): one is Wanted {
  return "request" in one;
}
