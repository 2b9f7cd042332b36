import type { Redis } from "ioredis";
import { type Connection, within } from "./connection.js";
import { escapePattern, type Keys } from "./keys.js";

const SCAN_COUNT = 500;
/** A database of at most so many keys is counted, a larger one sampled. */
const COUNTED_KEYS = 2000;
const SAMPLES = 500;

/** Removes every key under the prefix but the eviction log and the locks, in small steps, on every master. */
export async function clearKeys(
  connection: Connection,
  keys: Keys,
  commandTimeoutMs: number,
): Promise<void> {
  for (const master of connection.masters()) {
    for await (const names of scan(master, keys.prefix, commandTimeoutMs)) {
      const doomed = names.filter((name) => !keys.outlivesClear(name));
      if (doomed.length === 0) continue;
      // One key a command: those of one node lie in many slots.
      const pipeline = master.pipeline();
      for (const name of doomed) pipeline.unlink(name);
      const results = (await within(commandTimeoutMs, pipeline.exec())) ?? [];
      // A key of a slot that is on its way to or from this master: whoever is to be asked for it is found out by name.
      const redirected = doomed.filter((_, index) => isRedirection(results[index]?.[0]));
      const replies = await connection.sendAll(redirected.map((name) => ["unlink", name]));
      const failures = [...results.map(([error]) => error), ...replies];
      const failure = failures.find((one) => one instanceof Error && !isRedirection(one));
      if (failure) throw failure;
    }
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
