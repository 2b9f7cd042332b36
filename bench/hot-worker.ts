import { setTimeout as sleep } from "node:timers/promises";
import { openContender } from "./contenders/index.js";
import { machineNowMs } from "./support/numbers.js";
import { work } from "./support/processes.js";

export interface HotOrder {
  readonly key: string;
  readonly ttlSeconds: number;
  readonly loadMs: number;
  readonly requests: number;
  /** From one request of this process to the next. */
  readonly everyMs: number;
  /** On the clock that all processes share. */
  readonly startAtMs: number;
}

export interface LoadSpan {
  readonly beginMs: number;
  readonly endMs: number;
}

export interface HotReport {
  readonly loads: LoadSpan[];
  readonly latenciesMs: number[];
}

const [name, url = ""] = process.argv.slice(2);
const cache = await openContender(name, url);

async function carryOut(order: HotOrder): Promise<HotReport> {
  const loads: LoadSpan[] = [];
  const latenciesMs: number[] = [];
  const load = async () => {
    const beginMs = machineNowMs();
    await sleep(order.loadMs);
    loads.push({ beginMs, endMs: machineNowMs() });
    return "x".repeat(256);
  };
  const request = async () => {
    const askedAt = performance.now();
    await cache.getOrSet(order.key, { ttlSeconds: order.ttlSeconds }, load);
    latenciesMs.push(performance.now() - askedAt);
  };

  // Requests come when they are due, whether or not the earlier ones are answered.
  const running: Array<Promise<void>> = [];
  while (running.length < order.requests) {
    const dueMs = order.startAtMs + running.length * order.everyMs;
    const earlyMs = dueMs - machineNowMs();
    if (earlyMs > 0) await sleep(earlyMs);
    else running.push(request());
  }
  await Promise.all(running);
  // A refresh in the background may still run.
  await sleep(2 * order.loadMs);
  return { loads, latenciesMs };
}

work(carryOut, () => cache.close());
