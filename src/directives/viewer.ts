import { disregard } from "./maybe-promise.js";

/** The identity a private entry belongs to: a non-empty string or a number. undefined, null and "" mean none. */
export type ViewerOf = (context: unknown) => string | undefined;

/**
 * Reads the viewer as text; numbers and strings share one space of ids.
 *
 * @throws TypeError when the option gives anything else, a promise included.
 */
export function viewerReader(viewer: ((context: never) => unknown) | undefined): ViewerOf {
  if (!viewer) return () => undefined;
  return (context) => {
    const id = viewer(context as never);
    if (id === undefined || id === null || id === "") return undefined;
    if (typeof id === "string") return id;
    if (typeof id === "number" && Number.isFinite(id)) return String(id);
    disregard(id);
    const found = typeof id === "number" ? String(id) : `of type ${typeof id}`;
    throw new TypeError(
      `the viewer must be a non-empty string or a finite number, but is ${found}`,
    );
  };
}
