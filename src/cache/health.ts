import type { Evictions } from "./evictions.js";
import type { NearStream } from "./near-stream.js";
import type { Outage } from "./outage.js";
import type { Store } from "./store.js";
import type { Undelivered } from "./undelivered.js";

export interface CacheHealth {
  /** "ok": all promises hold. "degraded": callers are answered, from the origin. */
  status: "ok" | "degraded";
  store: "memory" | "redis";
  /** What is degraded, each as one sentence; empty when ok. */
  problems: string[];
  /** What is worth knowing and breaks no promise, each as one sentence: a server that refuses scripts. */
  notes: string[];
  breaker: BreakerHealth;
  /**
   * Whether other processes' evictions and fills are told of. Without it waiting callers poll, and the near cache takes
   * no entries. Always true in process.
   */
  pushConnected: boolean;
  /** Evictions that wait for the store to come back, or for replicas to have them. */
  undeliveredEvictions: number;
}

export interface BreakerHealth {
  /**
   * "closed": the store is asked. "open": it is not, and callers are answered from the near cache or the origin.
   * "half-open": as open, while a trial is under way.
   */
  state: "closed" | "open" | "half-open";
  /** Why it opened, as its error says. It may name addresses. */
  cause?: string;
  /** Nodes of a cluster whose own breakers are open, as `host:port`: what lies on them is not asked for. */
  lostNodes: string[];
}

export interface HealthParts {
  readonly store: Store;
  readonly outage: Outage;
  readonly undelivered: Pick<Undelivered, "size">;
  readonly evictions: Pick<Evictions, "unreplicated">;
  readonly queues: { problems(): Promise<readonly string[]> };
  readonly isClosed: boolean;
  /** Of a near cache. */
  readonly stream: Pick<NearStream, "isOpen"> | undefined;
}

/** What keeps the cache from its promises, or its callers from hits. The sentences name no addresses. */
export async function readHealth(parts: HealthParts): Promise<CacheHealth> {
  const { store, outage, undelivered, evictions, queues, stream } = parts;
  const lostNodes = store.lostNodes?.() ?? [];
  const problems = [...store.problems()];
  if (stream && !stream.isOpen) {
    problems.push("The near cache takes no entries: pushes are missing.");
  }
  if (outage.isOn) {
    problems.push("The store is out of reach: callers are answered from the origin.");
  } else {
    problems.push(...((await store.inspect?.()) ?? []));
    if (!parts.isClosed) problems.push(...(await queues.problems().catch(() => [])));
  }
  if (lostNodes.length > 0) {
    const nodes = lostNodes.length === 1 ? "A node" : `${lostNodes.length} nodes`;
    problems.push(
      `${nodes} of the cluster cannot be reached: what lies there comes from the origin.`,
    );
  }
  if (undelivered.size > 0) problems.push(`${undelivered.size} evictions wait for the store.`);
  if (evictions.unreplicated > 0) {
    problems.push(`${evictions.unreplicated} evictions wait for replicas.`);
  }
  return {
    status: problems.length === 0 ? "ok" : "degraded",
    store: store.kind,
    problems,
    notes: store.notes(),
    breaker: {
      state: outage.breaker,
      ...(outage.cause && { cause: outage.cause.message }),
      lostNodes,
    },
    pushConnected: store.isPushConnected ?? true,
    undeliveredEvictions: undelivered.size + evictions.unreplicated,
  };
}
