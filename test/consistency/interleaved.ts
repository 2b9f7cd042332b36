import type { Scheduler } from "fast-check";
import { createCacheOver } from "../../src/cache/cache.js";
import type { Cache, LoadContext } from "../../src/cache/index.js";
import { createMemoryStore } from "../../src/cache/memory-store.js";
import type { Position } from "../../src/cache/position.js";
import { nextSequence } from "../../src/cache/sequence.js";
import { resolveSettings } from "../../src/cache/settings.js";
import type { EvictedVersion, Store } from "../../src/cache/store.js";
import { type BreakName, sabotage } from "./breaks.js";
import { createHistory, type History, type Read, type Value } from "./history.js";
import { createOrigin } from "./origin.js";

/** One caller of a process. */
export interface Caller {
  readonly process: 0 | 1;
  /** What it does, one step after another. */
  readonly steps: readonly Step[];
}

export type Step =
  | ({ readonly do: "read" } & Lookup)
  /** Remembers the versions of all tags, later reads the key. */
  | ({ readonly do: "operate" } & Lookup)
  | { readonly do: "evict"; readonly tags: readonly Tag[] }
  /** Writes the key to the origin and to the cache, others having their turn before and after the origin has it. */
  | ({ readonly do: "write" } & Lookup)
  | { readonly do: "delete"; readonly key: KeyName };

interface Lookup {
  readonly key: KeyName;
  /** What becomes of its load, if it comes to load. */
  readonly fate: Fate;
  /** How often others may have their turn while it loads. */
  readonly loadSteps: number;
}

export type Fate = "stored" | "thrown" | "not stored";
export type Tag = "a" | "b";
export type KeyName = keyof typeof keys;

export const LEASE_MS = 90;

/** Fresh for a third of a lease where it says so, then refreshed in the background. */
export const keys = {
  "by argument": { tags: ["a"], resultTags: [], ttlSeconds: 60 },
  "by result": { tags: [], resultTags: ["b"], ttlSeconds: 60 },
  "by both": { tags: ["a"], resultTags: ["b"], ttlSeconds: 60 },
  refreshed: { tags: ["a"], resultTags: [], ttlSeconds: 0.03, staleWhileRevalidateSeconds: 60 },
} as const satisfies Record<string, KeyPlan>;

interface KeyPlan {
  tags: readonly Tag[];
  resultTags: readonly Tag[];
  ttlSeconds: number;
  staleWhileRevalidateSeconds?: number;
}

const settings = resolveSettings({
  leaseSeconds: LEASE_MS / 1000,
  waitSeconds: 0.3,
  earlyRefresh: 0,
  ttlJitter: 0,
});

const TAGS: readonly Tag[] = ["a", "b"];

export interface Played {
  readonly history: History;
  /** Leases that were granted over another whose load was still of use. */
  readonly sharedLeases: readonly string[];
}

export interface Play {
  /** Those of different processes share nothing but the store. */
  readonly callers: readonly Caller[];
  /** How often a third of a lease passes, at any moment. */
  readonly thirdsOfLease: number;
  readonly sabotage?: BreakName;
  /** Moves the clock and its timers. */
  readonly passTime: (ms: number) => void;
}

/** Plays caches of several processes on one store, in an order of single steps that the scheduler chooses. */
export async function play(scheduler: Scheduler, how: Play): Promise<Played> {
  const history = createHistory();
  const origin = createOrigin();
  const shared = createMemoryStore({ maxEntries: 1000, maxBytes: 1_000_000 });
  const sharedLeases: string[] = [];
  const watched = watchLeases(shared, (text) => sharedLeases.push(text));
  let moment = 0;
  const tick = () => ++moment;
  let last = 0;

  const caches = ["p0", "p1"].map((worker) => {
    const slow = scheduled(watched, scheduler, worker);
    const store = how.sabotage ? sabotage(how.sabotage, slow) : slow;
    return createCacheOver(store, settings);
  });
  const lives = how.callers.map(({ process, steps }) =>
    live(`p${process}`, caches[process]!, steps),
  );
  const clock = passTimes(how.thirdsOfLease);
  const all = Promise.all([clock, ...lives]);
  let isOver = false;
  all.finally(() => {
    isOver = true;
  });
  await afterPromiseJobs();
  while (!isOver) {
    if (scheduler.count() > 0) await scheduler.waitOne();
    else how.passTime(LEASE_MS / 3);
    await afterPromiseJobs();
  }
  await all;
  await Promise.all(caches.map((cache) => cache.close()));
  return { history, sharedLeases };

  async function passTimes(count: number): Promise<void> {
    for (let passed = 0; passed < count; passed += 1) {
      await scheduler.schedule(Promise.resolve(), "time passes");
      how.passTime(LEASE_MS / 3);
    }
  }

  async function live(worker: string, cache: Cache, steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await scheduler.schedule(Promise.resolve(), `${worker} ${step.do}`);
      if (step.do === "evict") {
        const tags = [...new Set(step.tags)];
        origin.raise(tags);
        await write(worker, { type: "evict", tags }, async () => {
          return (await cache.evictTags(tags)).delivered;
        });
      } else if (step.do === "delete") {
        await write(worker, { type: "delete", key: step.key }, () => cache.delete(step.key));
      } else if (step.do === "write") await writeThrough(worker, cache, step);
      else await read(worker, cache, step);
    }
  }

  async function write(
    worker: string,
    what: { type: "evict"; tags: readonly Tag[] } | { type: "delete"; key: KeyName },
    run: () => Promise<boolean>,
  ): Promise<void> {
    const id = `w${++last}`;
    const beginMs = tick();
    const versions = what.type === "evict" ? origin.versions(what.tags) : {};
    history.beginWrite({ ...what, worker, write: id, beginMs }, versions);
    const done = await run();
    history.add({ type: "written", write: id, beginMs, endMs: tick(), done });
  }

  /** An eviction of all the key's tags, which begins when the origin has the write. */
  async function writeThrough(worker: string, cache: Cache, step: Lookup): Promise<void> {
    const { tags, resultTags, ...options } = keys[step.key];
    const all: readonly Tag[] = [...tags, ...resultTags];
    const id = `w${++last}`;
    const [load, operation] = [`l${++last}`, `o${++last}`];
    // Encoded when it is stored, by when the origin has told its versions.
    const value: Value = { load, worker, operation, beganMs: 0, seenMs: 0, versions: {} };
    const takeTurns = async () => {
      for (let turn = 0; turn < step.loadSteps; turn += 1) {
        await scheduler.schedule(Promise.resolve(), `${worker} writes`);
      }
    };
    const write = async () => {
      await takeTurns();
      origin.raise(all);
      const [beginMs, versions] = [tick(), origin.versions(all)];
      Object.assign(value, { beganMs: beginMs, seenMs: beginMs, versions });
      history.beginWrite({ type: "evict", tags: all, worker, write: id, beginMs }, versions);
      await takeTurns();
      if (step.fate === "thrown") throw new Error("The origin has a bad day, having committed.");
    };
    await cache.writeThrough(step.key, { ...options, tags: all }, value, write).catch(() => {});
    const endMs = tick();
    history.add({ type: "written", write: id, beginMs: value.beganMs, endMs, done: true });
  }

  async function read(worker: string, cache: Cache, step: Step & Lookup): Promise<void> {
    const { key } = step;
    const operation = `o${++last}`;
    const operationBeganMs = tick();
    const { tags, resultTags, ...options } = keys[key];
    let since: Position | null | undefined;
    let remembered: { versions: Record<string, number>; seenMs: number } | undefined;
    if (step.do === "operate") {
      since = await cache.position();
      remembered = { seenMs: tick(), versions: origin.versions(TAGS) };
      await scheduler.schedule(Promise.resolve(), `${worker} goes on`);
    }
    const load = async (context: LoadContext): Promise<Value> => {
      const beganMs = tick();
      const versions = remembered?.versions ?? origin.versions(TAGS);
      for (let turn = 0; turn < step.loadSteps; turn += 1) {
        await scheduler.schedule(Promise.resolve(), `${worker} loads`);
      }
      if (step.fate === "thrown") throw new Error("The origin has a bad day.");
      if (step.fate === "not stored") context.setTtlSeconds(0);
      context.addTags(...resultTags);
      return {
        load: `l${++last}`,
        worker,
        operation,
        beganMs,
        seenMs: remembered?.seenMs ?? beganMs,
        versions: Object.fromEntries(
          [...tags, ...resultTags].map((tag) => [tag, versions[tag] ?? 0]),
        ),
      };
    };
    const beginMs = tick();
    const about = { type: "read", worker, key, operation, operationBeganMs, beginMs } as const;
    const tell = (how: Read["how"], value: Value | undefined) =>
      history.add({ ...about, endMs: tick(), how, value });
    try {
      const ofOperation = since === undefined ? {} : { since };
      const { value, status } = await cache.lookup(key, { ...options, tags, ...ofOperation }, load);
      tell(status, value);
    } catch {
      tell("error", undefined);
    }
  }
}

/** Requests and replies both take their time; the log's head is known from replies alone. */
export function scheduled(store: Store, scheduler: Scheduler, worker: string): Store {
  let known: Position | undefined;
  async function exchange<T>(name: string, run: () => Promise<T>): Promise<T> {
    await scheduler.schedule(Promise.resolve(), `${worker} sends ${name}`);
    const reply = await run();
    await scheduler.schedule(Promise.resolve(), `${worker} gets ${name}`);
    return reply;
  }
  return {
    ...store,
    async read(key, tags) {
      const sequence = nextSequence();
      return { ...(await exchange("read", () => store.read(key, tags))), sequence };
    },
    async takeLease(request) {
      const grant = await exchange("lease", () => store.takeLease(request));
      if (grant.taken) known = grant.snapshot.head;
      return grant;
    },
    renewLease: (lease) => exchange("renewal", () => store.renewLease(lease)),
    commit: (key, token, draft) => exchange("commit", () => store.commit(key, token, draft)),
    releaseLease: (key, token, passMs) =>
      exchange("release", () => store.releaseLease(key, token, passMs)),
    snapshot: (tags) => exchange("snapshot", () => store.snapshot(tags)),
    async evict(tags) {
      // One tag after another, as on a cluster.
      let entries = 0;
      let position = await store.readPosition();
      const versions = new Map<string, EvictedVersion>();
      for (const tag of tags) {
        const receipt = await exchange(`eviction of ${tag}`, () => store.evict([tag]));
        entries += receipt.entries;
        position = receipt.position;
        for (const [name, version] of receipt.versions) versions.set(name, version);
      }
      known = position;
      return { position, entries, versions };
    },
    delete: (key) => exchange("delete", () => store.delete(key)),
    pins: {
      pin: (key, pin) => exchange("pin", () => store.pins.pin(key, pin)),
      unpin: (key, sequence) => exchange("unpin", () => store.pins.unpin(key, sequence)),
      forget: (key, sequence) => exchange("forget", () => store.pins.forget(key, sequence)),
      pinned: (key) => exchange("pinned", () => store.pins.pinned(key)),
      isPending: (pin) => exchange("isPending", () => store.pins.isPending(pin)),
    },
    queue(name) {
      const queue = store.queue(name);
      return {
        ...queue,
        append: (write, room) => exchange("append", () => queue.append(write, room)),
        settle: (ids) => exchange("settle", () => queue.settle(ids)),
      };
    },
    knownPosition: () => known,
    async readPosition() {
      known = await exchange("position", () => store.readPosition());
      return known;
    },
  };
}

/** P1, at the moment a lease is granted: none that still holds, and whose load can still commit something valid. */
function watchLeases(store: Store, tell: (text: string) => void): Store {
  return {
    ...store,
    async takeLease(request) {
      const { lease } = await store.read(request.key, request.tags);
      const grant = await store.takeLease(request);
      // A write voids whatever fill is under way.
      const isFill = request.outlastsEvictions !== true;
      if (grant.taken && isFill && lease && !lease.doomed)
        tell(`${request.key}: over ${lease.token}`);
      return grant;
    },
  };
}

const immediate = setImmediate;

export function afterPromiseJobs(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}
