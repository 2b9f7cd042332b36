import type { Cache, EntryOptions, LoadContext, Position } from "../../src/cache/index.js";
import { nowMs, pause } from "../consistency/clock.js";
import type { Dice } from "../consistency/dice.js";
import type { Value } from "../consistency/history.js";
import type { Port } from "../consistency/port.js";
import type { Witness } from "../consistency/witness.js";
import { type KeyPlan, ORIGIN_MS, plans, tags } from "./plan.js";
import type { OutageWorkerConfig } from "./worker.js";

/** Requests that come whether or not those before were answered, as users do. */
export interface Traffic {
  /** Resolves when the last one is answered. */
  stop(): Promise<void>;
}

export interface TrafficParts {
  readonly config: OutageWorkerConfig;
  readonly port: Port;
  readonly dice: Dice;
  readonly cache: Cache;
  readonly witness: Witness;
}

/** Part of the names of those calls that belong to one. */
export const OPERATION = "operation ";

const EVICTIONS_PER_SECOND = 3;
const TICK_MS = 10;

export function startTraffic({ config, port, dice, cache, witness }: TrafficParts): Traffic {
  const { worker } = config;
  const underWay = new Set<Promise<void>>();
  const leasedMs = new Map<string, number | undefined>();
  let last = 0;
  const name = (kind = "") => `${worker}:${kind}${++last}`;

  cache.onEvent((event) => {
    const atMs = nowMs();
    if (event.type === "load" && event.coordinate) {
      leasedMs.set(event.coordinate, event.stored ? witness.leasedMs(event.key) : undefined);
    } else if (event.type === "refused") {
      const { key, reason, coordinate } = event;
      const call = coordinate === undefined ? {} : { call: coordinate };
      port.tell({ type: "refused", worker, atMs, key, reason, ...call });
    } else if (event.type === "outage" || event.type === "recovery") {
      tellOutage(event.type, event.node, "error" in event ? event.error.message : undefined);
    }
  });

  /** What is lost now: nodes of a cluster, and "" for the store as a whole. An outage lasts until nothing is. */
  const lost = new Set<string>();
  function tellOutage(type: "outage" | "recovery", node?: string, cause?: string): void {
    const atMs = nowMs();
    const isLost = type === "outage";
    const about = { ...(node !== undefined && { node }), ...(cause !== undefined && { cause }) };
    port.tell({ type: isLost ? "node lost" : "node back", worker, atMs, ...about });
    const before = lost.size;
    if (isLost) lost.add(node ?? "");
    else lost.delete(node ?? "");
    if (before === 0 || lost.size === 0) port.tell({ type, worker, atMs });
  }

  async function load(call: string, plan: KeyPlan, calledMs: number): Promise<Value> {
    const load = `${call}/${++last}`;
    const beganMs = nowMs();
    const { key } = plan;
    port.beginLoad({
      type: "load",
      worker,
      key,
      load,
      tags: plan.tags,
      calledMs,
      beginMs: beganMs,
      leasedMs: leasedMs.get(call),
    });
    leasedMs.delete(call);
    const versions = await port.versions(plan.tags);
    await pause(ORIGIN_MS - (nowMs() - beganMs));
    port.tell({ type: "loaded", load, endMs: nowMs(), threw: false });
    return { load, worker, operation: call, beganMs, seenMs: beganMs, versions };
  }

  async function read(): Promise<void> {
    const plan = dice.pick(plans);
    // A third of them belong to an operation, as those of a GraphQL server do.
    const isOperation = dice.chance(1 / 3);
    const call = name(isOperation ? OPERATION : "");
    const beginMs = nowMs();
    const tell = (how: Answered, value?: Value) =>
      port.tell({
        type: "read",
        worker,
        key: plan.key,
        operation: call,
        operationBeganMs: beginMs,
        beginMs,
        endMs: nowMs(),
        how,
        value,
      });
    try {
      const since: Position | null | undefined = isOperation ? await cache.position() : undefined;
      const options: EntryOptions = {
        ttlSeconds: plan.ttlSeconds,
        tags: plan.tags,
        coordinate: call,
        ...(since !== undefined && { since }),
      };
      const { value, status } = await cache.lookup(plan.key, options, (_: LoadContext) =>
        load(call, plan, beginMs),
      );
      tell(status, value);
    } catch {
      tell("error");
    }
  }

  async function evict(): Promise<void> {
    const write = name();
    const isTag = dice.chance(0.8);
    const tag = dice.pick(tags);
    const { key } = dice.pick(plans);
    const announced = { worker, write, beginMs: nowMs() };
    if (isTag) await port.beginWrite({ ...announced, type: "evict", tags: [tag] }, [tag], []);
    else await port.beginWrite({ ...announced, type: "delete", key }, [], []);
    const beginMs = nowMs();
    try {
      const done = isTag ? (await cache.evictTags([tag])).delivered : await cache.delete(key);
      port.tell({ type: "written", write, beginMs, endMs: nowMs(), done });
    } catch {
      // Never told to have ended: counted as failed.
    }
  }

  function begin(run: () => Promise<void>): void {
    const running = run().finally(() => underWay.delete(running));
    underWay.add(running);
  }

  const perTick = (perSecond: number) => (perSecond * TICK_MS) / 1000;
  let reads = 0;
  let evictions = dice.number(0, 1);
  let tickedMs = nowMs();
  const timer = setInterval(() => {
    // What a stall of this process kept from being asked is asked in no rush.
    const ticks = Math.min(5, (nowMs() - tickedMs) / TICK_MS);
    tickedMs = nowMs();
    reads += ticks * perTick(config.requestsPerSecond);
    evictions += ticks * perTick(EVICTIONS_PER_SECOND);
    for (; reads >= 1; reads -= 1) begin(read);
    for (; evictions >= 1; evictions -= 1) begin(evict);
  }, TICK_MS);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

type Answered = "hit" | "stale" | "miss" | "waited" | "bypassed" | "outage" | "error";
