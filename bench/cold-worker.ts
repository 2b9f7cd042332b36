import { setTimeout as sleep } from "node:timers/promises";
import { openContender } from "./contenders/index.js";
import { machineNowMs } from "./support/numbers.js";
import { work } from "./support/processes.js";

export interface ColdOrder {
  readonly key: string;
  readonly callers: number;
  readonly loadMs: number;
  /** Whether a small object is loaded; else a text. */
  readonly isObject: boolean;
  /** How long to keep the report back. */
  readonly settleMs: number;
  /** On the clock that all processes share. */
  readonly startAtMs: number;
}

export interface ColdReport {
  /** When the loads of this process ended. */
  readonly loadEndsMs: number[];
  /** When its callers were answered, without one for each load: that caller did not wait. */
  readonly answersMs: number[];
}

const [name, url = ""] = process.argv.slice(2);
const cache = await openContender(name, url);
// A process that has been up for a while, as it were.
await cache.getOrSet("hello", { ttlSeconds: 60 }, async () => "hello");

async function carryOut(order: ColdOrder): Promise<ColdReport> {
  const loadEndsMs: number[] = [];
  const answersMs: number[] = [];
  const load = async () => {
    await sleep(order.loadMs);
    loadEndsMs.push(machineNowMs());
    const text = "x".repeat(256);
    return order.isObject ? { id: 1, text } : text;
  };
  const call = async () => {
    await cache.getOrSet(order.key, { ttlSeconds: 60 }, load);
    answersMs.push(machineNowMs());
  };
  await sleep(Math.max(0, order.startAtMs - machineNowMs()));
  await Promise.all(Array.from({ length: order.callers }, call));
  answersMs.sort((a, b) => a - b);
  await sleep(order.settleMs);
  return { loadEndsMs, answersMs: answersMs.slice(loadEndsMs.length) };
}

work(carryOut, () => cache.close());
