import type { Moment } from "./moments.js";

abstract class NodeObject {
  constructor(fields: object) {
    Object.assign(this, fields);
  }

  get needed(): unknown {
    return "made by a class";
  }

  set needed(_value: unknown) {
    // What is assigned is not kept.
  }
}
export class Leaf extends NodeObject {}
class Branch extends NodeObject {}

/** The node as a resolver gives it: as plain data, a class, with methods, promises, or not at all. */
export function nodeOf(id: string, moment: Moment): unknown {
  const { shape, type, value, values, grid, needed } = moment;
  const own = { id, value, values, needed };
  const rest =
    type === "Leaf"
      ? {
          grid,
          ...(moment.inner === "absent"
            ? {}
            : { inner: innerOf(id, moment), inners: [innerOf(id, moment)] }),
        }
      : { code: `code-${id}`, thing: moment.inner === "absent" ? null : innerOf(id, moment) };
  const named = { __typename: type, ...own, ...rest };
  switch (shape) {
    case "class":
      return new (type === "Leaf" ? Leaf : Branch)({ ...own, ...rest });
    case "bare":
      return Object.assign(Object.create(null), named);
    case "method":
      return { ...named, value: () => value };
    case "promise":
      return { ...named, value: Promise.resolve(value) };
    case "missing":
      return null;
    case "error":
      return new Error(`Node ${id} is broken.`);
    case "unnamed":
      return { ...own, ...rest };
    default:
      return named;
  }
}

export class InnerObject {
  constructor(
    readonly id: string,
    readonly value: unknown,
    readonly needed: unknown,
  ) {}
}

function innerOf(id: string, { inner, value, needed }: Moment): unknown {
  if (inner === "null") return null;
  if (inner === "class") return new InnerObject(id, value, needed);
  const plain = { __typename: "Inner", id, value, needed };
  return inner === "method" ? { ...plain, value: () => value } : plain;
}
