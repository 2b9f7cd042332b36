import type { NearCache } from "./near-cache.js";
import type { NearStream } from "./near-stream.js";
import type { Position } from "./position.js";

/**
 * How old what a load saw of the near cache may be: as old as the pushes were when it began. Which of the values that
 * were handed out meanwhile it saw, nobody can tell, so any counts.
 *
 * @returns to be called when the load begins; what that gives, when it has ended: undefined where nothing was handed
 *   out, null where the age is unknown
 */
export function createNearSight(
  near: Pick<NearCache, "handedOut">,
  stream: Pick<NearStream, "told">,
): () => () => Position | null | undefined {
  return () => {
    const before = near.handedOut;
    const told = stream.told ?? null;
    return () => (near.handedOut === before ? undefined : told);
  };
}
