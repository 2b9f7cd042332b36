import { isCoveredBy, olderOf, type Position } from "../cache/position.js";
import { type Age, UNKNOWN_AGE } from "./loader-ages.js";
import { isPromise, type MaybePromise } from "./maybe-promise.js";
import { type Path, PathMarks } from "./path-marks.js";

const PRIVATE = {};

/** What stands at a path was made for. */
interface Varied {
  readonly texts: ReadonlySet<string | undefined>;
  /** All of them as one; undefined where one is unknown. */
  readonly all: string | undefined;
}

function joined(texts: Iterable<string | undefined>): string {
  return [...texts].sort().join("");
}

/** What is known of one running operation: how old it is, what its fields were made of, and whose that is. */
export class Operation {
  /** How far the eviction log was when the oldest thing was loaded that the operation may see. */
  age: Age = UNKNOWN_AGE;
  /** Where its root fields stand. */
  readonly #roots = new WeakSet<Path>();
  readonly #ages = new PathMarks<{ readonly since: Position | null }>(this.#roots);
  readonly #privacy = new PathMarks<object>(this.#roots);
  readonly #varied = new PathMarks<Varied>(this.#roots);

  addRoot(path: Path): void {
    this.#roots.add(path);
  }

  /** Null where the age is unknown, so that nothing the operation loads may be stored. */
  get since(): MaybePromise<Position | null> {
    return this.age.position;
  }

  /**
   * The age of the nearest entry above a nested field, from which its parent may have come; null where that is unknown,
   * undefined where nothing above it is older than the operation.
   */
  sinceAbove(path: Path): Position | null | undefined {
    const found = this.#ages.above(path);
    if (!found) return undefined;
    const since = found === "unknown" ? null : found.since;
    const { position } = this.age;
    const isNoOlder = since && position && !isPromise(position) && isCoveredBy(position, since);
    return isNoOlder ? undefined : since;
  }

  /** Told of the age of what stands at a field's path, and so of all the parents below it. */
  found(path: Path, since: Position | null): void {
    // The entities that a router asks for share a path, and so the age of the oldest.
    const known = this.#ages.at(path);
    this.#ages.set(path, { since: known ? olderOf(known.since, since) : since });
  }

  /** Told of a PRIVATE field: what stands at its path, and below it, belongs to the viewer. */
  markPrivate(path: Path): void {
    this.#privacy.set(path, PRIVATE);
  }

  /** Told of a field with `vary`, by the text that tells what it was made for; undefined where that is unknown. */
  markVaried(path: Path, text: string | undefined): void {
    const known = this.#varied.at(path);
    if (known?.texts.has(text)) return;
    // The entities that a router asks for share a path, and so what any of them was made for.
    const texts = new Set(known?.texts).add(text);
    this.#varied.set(path, { texts, all: texts.has(undefined) ? undefined : joined(texts) });
  }

  /** What the parent may have been made for beside its identity; undefined where that is unknown. */
  variedAbove(path: Path): string | undefined {
    const found = this.#varied.above(path);
    if (!found) return "";
    return found === "unknown" ? undefined : found.all;
  }

  /** Whether a parent may have come from a PRIVATE field above. */
  isBelowPrivate(path: Path): boolean {
    return this.#privacy.above(path) !== undefined;
  }
}
