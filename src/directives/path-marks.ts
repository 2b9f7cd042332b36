import type { GraphQLResolveInfo } from "graphql";

export type Path = GraphQLResolveInfo["path"];

/** What is known of places in one operation's answer, to be found from the places below them. */
export interface PathMarks<Mark> {
  set(path: Path, mark: Mark): void;
  /** The mark of the place itself. */
  at(path: Path): Mark | undefined;
  /** The mark of the nearest place above; undefined where none is marked, "unknown" where that cannot be told. */
  above(path: Path): Mark | "unknown" | undefined;
}

/**
 * Places are told by GraphQL.js's own path objects, whose chain is that of the response.
 *
 * @param roots the paths of the operation's root fields. An executor that makes a path's objects anew for each field
 *   is found out by them, since its chains do not end in one.
 */
export function createPathMarks<Mark extends object>(roots: WeakSet<Path>): PathMarks<Mark> {
  let marks: WeakMap<Path, Mark> | undefined;

  return {
    set: (path, mark) => {
      marks ??= new WeakMap();
      marks.set(path, mark);
    },
    at: (path) => marks?.get(path),
    above: ({ prev }) => {
      if (!marks) return undefined;
      for (let path = prev; path; path = path.prev) {
        const mark = marks.get(path);
        if (mark) return mark;
        if (!path.prev && !roots.has(path)) return "unknown";
      }
      return undefined;
    },
  };
}
