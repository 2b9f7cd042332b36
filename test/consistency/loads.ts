import type { Cache, LoadContext, Position } from "../../src/cache/index.js";
import { nowMs, pause } from "./clock.js";
import type { Dice } from "./dice.js";
import type { Value } from "./history.js";
import type { Port } from "./port.js";
import type { WorkerConfig } from "./protocol.js";
import type { Witness } from "./witness.js";
import type { KeyPlan } from "./world.js";

/** What a request of a GraphQL server is here: several reads, and loaders that remember what they have seen. */
export interface Operation {
  readonly name: string;
  readonly beganMs: number;
  /** undefined for a single read, which remembers nothing. */
  readonly since?: Position | null;
  readonly memory?: Map<string, Promise<Seen>>;
}

interface Seen {
  readonly version: number;
  readonly askedMs: number;
}

/** One lookup, named so that the events it causes can be told from those of others. */
export interface LookupCall {
  readonly name: string;
  readonly plan: KeyPlan;
  readonly operation: Operation;
  readonly calledMs: number;
}

export interface Loads {
  call(plan: KeyPlan, operation: Operation): LookupCall;
  load(call: LookupCall, context: LoadContext): Promise<Value>;
  loadMany(
    calls: readonly LookupCall[],
    contextOf: (key: string) => LoadContext,
  ): Promise<Array<Value | Error>>;
  /** Reads the origin as a caller does who is about to `set`. */
  remember(operation: Operation, tags: readonly string[]): Promise<void>;
}

export function createLoads(
  config: WorkerConfig,
  port: Port,
  dice: Dice,
  cache: Cache,
  witness: Witness,
): Loads {
  const { worker, leaseMs } = config;
  /** When the lease of a call's load was asked for. */
  const leasedMs = new Map<string, number | undefined>();
  let last = 0;

  cache.onEvent((event) => {
    const atMs = nowMs();
    if (event.type === "load" && event.coordinate) {
      leasedMs.set(event.coordinate, event.stored ? witness.leasedMs(event.key) : undefined);
    } else if (event.type === "refused") {
      const { key, reason, coordinate } = event;
      const call = coordinate === undefined ? {} : { call: coordinate };
      port.tell({ type: "refused", worker, atMs, key, reason, ...call });
    } else if (event.type === "outage" || event.type === "recovery") {
      const { node } = event;
      port.tell({ type: event.type, worker, atMs, ...(node !== undefined && { node }) });
    }
  });

  function begin({ name, plan, calledMs }: LookupCall): string {
    const load = `${name}/${++last}`;
    port.beginLoad({
      type: "load",
      worker,
      key: plan.key,
      load,
      tags: plan.tags,
      calledMs,
      beginMs: nowMs(),
      leasedMs: leasedMs.get(name),
    });
    leasedMs.delete(name);
    return load;
  }

  /** Now and then longer than a lease, with or without the processor. */
  async function takeTime(): Promise<void> {
    const kind = dice.weighted({ short: 700, middle: 200, long: 90, blocking: 3 });
    if (kind === "blocking") block(dice.number(0.8, 2) * leaseMs);
    else if (kind === "long") await pause(dice.number(0.6, 3) * leaseMs);
    else await pause(kind === "short" ? dice.number(0, 12) : dice.number(12, 80));
  }

  async function see(tags: readonly string[], { memory }: Operation): Promise<Map<string, Seen>> {
    const missing = tags.filter((tag) => !memory?.has(tag));
    const askedMs = nowMs();
    const asked = missing.length > 0 ? port.versions(missing) : Promise.resolve({});
    const seen = new Map<string, Promise<Seen>>();
    for (const tag of tags) {
      const known = memory?.get(tag);
      const one =
        known ??
        asked.then((versions: Readonly<Record<string, number>>) => ({
          version: versions[tag] ?? 0,
          askedMs,
        }));
      memory?.set(tag, one);
      seen.set(tag, one);
    }
    const settled = new Map<string, Seen>();
    for (const [tag, one] of seen) settled.set(tag, await one);
    return settled;
  }

  /** The value of one key, and the tags that its result names. */
  async function make(call: LookupCall, load: string, beganMs: number): Promise<Value> {
    const { plan, operation } = call;
    const wanted = [...plan.tags, ...plan.resultTags, ...plan.groups];
    const seen = await see(wanted, operation);
    const sum = [...seen.values()].reduce((total, { version }) => total + version, 0);
    const group = plan.groups.length > 0 ? [plan.groups[sum % plan.groups.length]!] : [];
    const tags = [...plan.tags, ...plan.resultTags, ...group];
    return {
      load,
      worker,
      operation: operation.name,
      beganMs,
      seenMs: Math.min(beganMs, ...[...seen.values()].map(({ askedMs }) => askedMs)),
      versions: Object.fromEntries(tags.map((tag) => [tag, seen.get(tag)?.version ?? 0])),
    };
  }

  function addResultTags({ plan }: LookupCall, value: Value, context: LoadContext): void {
    const known = new Set(plan.tags);
    const added = Object.keys(value.versions).filter((tag) => !known.has(tag));
    if (added.length > 0) context.addTags(...added);
  }

  async function load(call: LookupCall, context: LoadContext): Promise<Value> {
    const beganMs = nowMs();
    const name = begin(call);
    let threw = true;
    try {
      const value = await make(call, name, beganMs);
      await takeTime();
      if (dice.chance(0.02)) throw new Error("The origin has a bad day.");
      addResultTags(call, value, context);
      if (dice.chance(0.02)) context.setTtlSeconds(0);
      threw = false;
      return value;
    } finally {
      port.tell({ type: "loaded", load: name, endMs: nowMs(), threw });
    }
  }

  return {
    call: (plan, operation) => ({
      name: `${worker}/${++last}`,
      plan,
      operation,
      calledMs: nowMs(),
    }),
    load,
    loadMany: (calls, contextOf) =>
      Promise.all(
        calls.map((call) => load(call, contextOf(call.plan.key)).catch((error: Error) => error)),
      ),
    async remember(operation, tags) {
      await see(tags, operation);
    },
  };
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
