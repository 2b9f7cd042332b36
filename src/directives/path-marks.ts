import type { GraphQLResolveInfo } from "graphql";

export type Path = GraphQLResolveInfo["path"];

/**
 * What is known of fields' places in one operation's answer, to be found from the places below them.
 *
 * Places are told by GraphQL.js's own path objects, whose chain is that of the response.
 */
export class PathMarks<Mark extends object> {
  /** Of the operation. An executor that makes a path's objects anew for each field is found out: its chains end in none. */
  readonly #roots: WeakSet<Path>;
  #marks: WeakMap<Path, Mark> | undefined;
  /** Fields stand under names: places in lists need not be looked for, unless an executor gives one as a field's. */
  #marksPositions = false;
  /** What was found last: the fields of a list's items stand below the same place. */
  #lastPath: Path | undefined;
  #lastMark: Mark | undefined;

  constructor(roots: WeakSet<Path>) {
    this.#roots = roots;
  }

  set(path: Path, mark: Mark): void {
    this.#marks ??= new WeakMap();
    this.#marks.set(path, mark);
    if (typeof path.key === "number") this.#marksPositions = true;
    this.#lastPath = undefined;
  }

  /** The mark of the place itself. */
  at(path: Path): Mark | undefined {
    return this.#marks?.get(path);
  }

  /** The mark of the nearest place above; undefined where none is marked, "unknown" where that cannot be told. */
  above({ prev }: Path): Mark | "unknown" | undefined {
    if (!this.#marks) return undefined;
    for (let path = prev; path; path = path.prev) {
      if (path === this.#lastPath) return this.#lastMark;
      const isPosition = typeof path.key === "number" && !this.#marksPositions;
      const mark = isPosition ? undefined : this.#marks.get(path);
      if (mark) {
        this.#lastPath = path;
        this.#lastMark = mark;
        return mark;
      }
      if (!path.prev && !this.#roots.has(path)) return "unknown";
    }
    return undefined;
  }
}
