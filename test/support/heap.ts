import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
export const collectGarbage = runInNewContext("gc") as () => void;

/** What this process holds on to: what nobody can reach any more is collected first. */
export function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
