import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { ColdOrder, ColdReport } from "./cold-worker.js";
import { machineNowMs } from "./support/numbers.js";
import { work } from "./support/processes.js";

/** What the machine makes of a bare push: one process sleeps for as long as a load takes and publishes, all hear it. */
export interface PushOrder extends ColdOrder {
  readonly leads: boolean;
}

const [, url = ""] = process.argv.slice(2);
const [publisher, subscriber] = [new Redis(url), new Redis(url)];
let hear: (atMs: number) => void = () => {};
subscriber.on("message", () => hear(machineNowMs()));
await subscriber.subscribe("push");

async function carryOut({ startAtMs, loadMs, leads, settleMs }: PushOrder): Promise<ColdReport> {
  const heard = new Promise<number>((resolve) => {
    hear = resolve;
  });
  await sleep(Math.max(0, startAtMs - machineNowMs()));
  if (!leads) {
    const answersMs = [await heard];
    await sleep(settleMs);
    return { loadEndsMs: [], answersMs };
  }
  await sleep(loadMs);
  const endMs = machineNowMs();
  await publisher.publish("push", "");
  await heard;
  await sleep(settleMs);
  return { loadEndsMs: [endMs], answersMs: [] };
}

work(carryOut, async () => {
  publisher.disconnect();
  subscriber.disconnect();
});
