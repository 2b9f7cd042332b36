import type { Redis } from "ioredis";
import { keySlot } from "../../key-slot.js";
import { StoreUnavailableError } from "../errors.js";
import type { Connection } from "./connection.js";
import { escapePattern, type Keys } from "./keys.js";
import { nameIn, readSlotMap, type SlotMap } from "./slots.js";
import { within } from "./within.js";

const SCAN_COUNT = 500;
/** A database of at most so many keys is counted, a larger one sampled. */
const COUNTED_KEYS = 2000;
const SAMPLES = 500;

/** A cluster whose slots move on and on while they are cleared may make us look so often. */
const MAX_PASSES = 10;

/** Removes every key under the prefix but the eviction log and the locks, in small steps, on every master. */
export async function clearKeys(
  connection: Connection,
  keys: Keys,
  limitMs: number,
): Promise<void> {
  const clear = async (masters: readonly Redis[]) => {
    for (const master of masters) await clearMaster(connection, master, keys, limitMs);
  };
  if (!connection.isCluster) return clear(connection.masters());
  let first: SlotMap | undefined;
  let complete = 0;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    await meetMasters(connection, keys, limitMs);
    const masters = connection.masters();
    const before = await readSlotMap(masters, limitMs);
    if (pass === 0) first = before;
    await clear(masters);
    if (!before?.slotsElsewhere.length) complete += 1;
    if (complete >= passesNeeded(first, await readSlotMap(masters, limitMs))) return;
  }
  throw new StoreUnavailableError(
    `The slots of a cluster must hold still to be cleared, but moved during each of ${MAX_PASSES} passes.`,
  );
}

/** The client learns of masters from being sent to them: of those that were added since, and have their first slots. */
async function meetMasters(connection: Connection, keys: Keys, limitMs: number): Promise<void> {
  const { slotsElsewhere = [] } = (await readSlotMap(connection.masters(), limitMs)) ?? {};
  // Under the prefix where that chooses no slot of its own: the user may be refused all other names.
  const names = slotsElsewhere.map((slot) => {
    const mark = keys.markIn(slot);
    return keySlot(mark) === slot ? mark : nameIn(slot);
  });
  await connection.sendAll(names.map((name) => ["exists", name]));
}

/**
 * A pass misses a key only if it moves meanwhile, from a master not visited yet to one that was. So a key that moves
 * once is found by the second pass, one that moves twice by the third; and whatever moves twice makes the epoch grow.
 */
function passesNeeded(first: SlotMap | undefined, last: SlotMap | undefined): number {
  if (!first || !last) return 2;
  const isStill = first.text === last.text && !first.isMoving && !last.isMoving;
  return isStill ? 1 : 2 + Math.max(0, last.epoch - first.epoch);
}

async function clearMaster(
  connection: Connection,
  master: Redis,
  keys: Keys,
  limitMs: number,
): Promise<void> {
  for await (const names of scan(master, keys.prefix, limitMs)) {
    const doomed = names.filter((name) => !keys.outlivesClear(name));
    if (doomed.length === 0) continue;
    // One key a command: those of one node lie in many slots.
    const pipeline = master.pipeline();
    for (const name of doomed) pipeline.unlink(name);
    const results = (await within(limitMs, pipeline.exec())) ?? [];
    // A key of a slot that is on its way to or from this master: whoever is to be asked for it is found out by name.
    const redirected = doomed.filter((_, index) => isRedirection(results[index]?.[0]));
    const replies = await connection.sendAll(redirected.map((name) => ["unlink", name]));
    const failures = [...results.map(([error]) => error), ...replies];
    const failure = failures.find((one) => one instanceof Error && !isRedirection(one));
    if (failure) throw failure;
  }
}

function isRedirection(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK) /.test(error.message);
}

/** How many entries there are: exact for a small database, else from a random sample of its keys. */
export async function estimateEntries(
  connection: Connection,
  keys: Keys,
  commandTimeoutMs: number,
): Promise<number> {
  const counts = await Promise.all(
    connection.masters().map(async (master) => {
      const total = await within(commandTimeoutMs, master.dbsize());
      return total <= COUNTED_KEYS
        ? countEntries(master, keys, commandTimeoutMs)
        : Math.round(total * (await shareOfEntries(master, keys, commandTimeoutMs)));
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function countEntries(master: Redis, keys: Keys, limitMs: number): Promise<number> {
  const found = new Set<string>();
  for await (const names of scan(master, keys.entry(""), limitMs)) {
    for (const name of names) found.add(name);
  }
  return found.size;
}

async function shareOfEntries(master: Redis, keys: Keys, limitMs: number): Promise<number> {
  const pipeline = master.pipeline();
  for (let sample = 0; sample < SAMPLES; sample += 1) pipeline.randomkey();
  const results = (await within(limitMs, pipeline.exec())) ?? [];
  const hits = results.filter(([, name]) => keys.keyOfEntry(String(name)) !== undefined);
  return hits.length / SAMPLES;
}

async function* scan(master: Redis, prefix: string, limitMs: number): AsyncGenerator<string[]> {
  const pattern = `${escapePattern(prefix)}*`;
  let cursor = "0";
  do {
    const [next, names] = await within(
      limitMs,
      master.scan(cursor, "MATCH", pattern, "COUNT", SCAN_COUNT),
    );
    cursor = next;
    if (names.length > 0) yield names;
  } while (cursor !== "0");
}
