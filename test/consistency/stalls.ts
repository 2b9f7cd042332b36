import { nowMs } from "./clock.js";
import type { Message } from "./history.js";

const TICK_MS = 20;
/** A tick so late is told of: a lease may not have been renewed meanwhile. */
const LATE_MS = 40;

/** Tells when this process did not run, whatever the reason. */
export function watchStalls(
  worker: string,
  tell: (message: Message) => void,
  lateMs = LATE_MS,
): void {
  let lastMs = nowMs();
  setInterval(() => {
    const atMs = nowMs();
    if (atMs - lastMs > TICK_MS + lateMs) {
      tell({ type: "stall", worker, beginMs: lastMs, endMs: atMs });
    }
    lastMs = atMs;
  }, TICK_MS);
}
