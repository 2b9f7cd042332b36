import type { Cache, EntryOptions } from "../../src/cache/index.js";
import { nowMs, pause } from "./clock.js";
import type { Dice } from "./dice.js";
import type { Read, Value, WriteBegin } from "./history.js";
import type { Loads, LookupCall, Operation } from "./loads.js";
import type { Port } from "./port.js";
import type { WorkerConfig } from "./protocol.js";
import { type KeyPlan, pickPlan, pickPlanToWrite, pickTagToEvict } from "./world.js";

/** What a caller does next, at random; each thing is told with its begin and end. */
export interface Work {
  next(): Promise<void>;
}

export function createWork(
  config: WorkerConfig,
  port: Port,
  dice: Dice,
  cache: Cache,
  loads: Loads,
): Work {
  const { worker } = config;
  let last = 0;
  const name = () => `${worker}:${++last}`;
  const single = (): Operation => ({ name: name(), beganMs: nowMs() });

  async function operation(): Promise<Operation> {
    const beganMs = nowMs();
    return { name: name(), beganMs, since: await cache.position(), memory: new Map() };
  }

  function optionsOf({ name: coordinate, plan, operation: { since } }: LookupCall): EntryOptions {
    const { ttlSeconds, tags, staleWhileRevalidateSeconds, staleIfErrorSeconds } = plan;
    return {
      ttlSeconds,
      tags,
      coordinate,
      ...(since !== undefined && { since }),
      ...(staleWhileRevalidateSeconds && { staleWhileRevalidateSeconds }),
      ...(staleIfErrorSeconds && { staleIfErrorSeconds }),
    };
  }

  function tellRead(
    { plan, operation: { name: operationName, beganMs }, calledMs }: LookupCall,
    how: Read["how"],
    value: Value | undefined,
  ): void {
    port.tell({
      type: "read",
      worker,
      key: plan.key,
      operation: operationName,
      operationBeganMs: beganMs,
      beginMs: calledMs,
      endMs: nowMs(),
      how,
      value,
    });
  }

  async function readOne(plan: KeyPlan, of: Operation): Promise<void> {
    const call = loads.call(plan, of);
    try {
      const { value, status } = await cache.lookup(plan.key, optionsOf(call), (context) =>
        loads.load(call, context),
      );
      tellRead(call, status, value);
    } catch {
      tellRead(call, "error", undefined);
    }
  }

  async function readMany(of: Operation): Promise<void> {
    const picked = Array.from({ length: 2 + dice.index(8) }, () => pickPlan(dice));
    const calls = new Map(picked.map((plan) => [plan.key, loads.call(plan, of)]));
    const values = await cache.getOrSetMany<Value>(
      [...calls.keys()],
      (key) => optionsOf(calls.get(key)!),
      (keys, context) =>
        loads.loadMany(
          keys.map((key) => calls.get(key)!),
          context.of,
        ),
    );
    [...calls.values()].forEach((call, index) => {
      const value = values[index];
      if (value instanceof Error) tellRead(call, "error", undefined);
      else tellRead(call, "many", value);
    });
  }

  async function peek(): Promise<void> {
    const call = loads.call(pickPlan(dice), single());
    tellRead(call, "get", await cache.get<Value>(call.plan.key));
  }

  /** Like a GraphQL operation: some loaders have run before its fields are looked up, one after another. */
  async function operate(): Promise<void> {
    const of = await operation();
    const picked = Array.from({ length: 1 + dice.index(4) }, () => pickPlan(dice));
    const some = picked.filter(() => dice.chance(0.6));
    await loads.remember(of, [
      ...new Set(some.flatMap(({ tags, resultTags }) => [...tags, ...resultTags])),
    ]);
    for (const plan of picked) {
      if (dice.chance(0.5)) await pause(dice.number(0, 150));
      await readOne(plan, of);
    }
  }

  async function write(
    begin: Omit<WriteBegin & { type: "evict" }, "worker" | "write" | "beginMs"> | KeyWrite,
    raise: readonly string[],
    run: () => Promise<boolean>,
  ): Promise<void> {
    const id = name();
    await port.beginWrite({ ...begin, worker, write: id, beginMs: nowMs() }, raise, []);
    const beginMs = nowMs();
    const done = await run();
    port.tell({ type: "written", write: id, beginMs, endMs: nowMs(), done });
  }

  async function evict(): Promise<void> {
    const tags = [
      ...new Set([pickTagToEvict(dice), ...(dice.chance(0.3) ? [pickTagToEvict(dice)] : [])]),
    ];
    await write({ type: "evict", tags }, tags, async () => (await cache.evictTags(tags)).delivered);
  }

  async function remove(): Promise<void> {
    const { key } = pickPlanToWrite(dice);
    await write({ type: "delete", key }, [], () => cache.delete(key));
  }

  /** The value is read from the origin before it is set, which `since` makes safe. */
  async function set(): Promise<void> {
    const plan = pickPlanToWrite(dice);
    if (plan.groups.length > 0) return;
    const of = await operation();
    const id = name();
    const tags = [...plan.tags, ...plan.resultTags];
    const askedMs = nowMs();
    const begin: WriteBegin = { type: "set", key: plan.key, worker, write: id, beginMs: askedMs };
    const versions = await port.beginWrite(begin, [], tags);
    if (dice.chance(0.5)) await pause(dice.number(0, 60));
    const call = loads.call(plan, of);
    const beganMs = nowMs();
    const value: Value = {
      load: `${id}/set`,
      worker,
      operation: of.name,
      beganMs,
      seenMs: askedMs,
      versions,
    };
    const done = await cache.set(plan.key, { ...optionsOf(call), tags }, value);
    port.tell({ type: "written", write: id, beginMs: beganMs, endMs: nowMs(), done });
  }

  const actions = {
    read: () => readOne(pickPlan(dice), single()),
    readInOperation: operate,
    readMany: () => readMany(single()),
    readManyInOperation: async () => readMany(await operation()),
    peek,
    evict,
    remove,
    set,
  };

  return {
    async next() {
      const action = dice.weighted({
        read: 50,
        readInOperation: 10,
        readMany: 6,
        readManyInOperation: 3,
        peek: 6,
        evict: 9,
        remove: 7,
        set: 3,
      });
      await actions[action]();
      await pause(dice.number(2, 35));
    },
  };
}

type KeyWrite = { readonly type: "delete"; readonly key: string };
