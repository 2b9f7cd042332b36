import { type GraphQLResolveInfo, GraphQLScalarType } from "graphql";
import { IDS } from "./moments.js";
import { InnerObject, Leaf } from "./node-of.js";
import { selectedNames } from "./selected-names.js";
import { textOf } from "./text-of.js";
import type { WorldContext } from "./world.js";

interface Parent {
  readonly id: string;
  readonly value: unknown;
}

export function resolversOf(read: (id: string) => unknown, advance: (id: string) => unknown) {
  const nodeType = (node: object) => {
    if ("__typename" in node) return node.__typename as string;
    return node instanceof Leaf || "grid" in node ? "Leaf" : "Branch";
  };
  const thingType = (thing: object) => {
    if ("__typename" in thing) return thing.__typename as string;
    return thing instanceof InnerObject ? "Inner" : "Leaf";
  };
  const nextId = (id: string) => String((Number(id) % IDS.length) + 1);
  const computed = ({ value }: Parent, { plus }: { plus: number | null }) => [value, plus];
  const next = ({ id }: Parent, _args: unknown, { nodes }: WorldContext) => nodes.load(nextId(id));
  const isLeaf = (node: unknown) =>
    typeof node === "object" && node !== null && nodeType(node) === "Leaf";
  const whole = (nodes: readonly unknown[]) => nodes.filter((node) => !(node instanceof Error));

  return {
    Any: new GraphQLScalarType({ name: "Any", serialize: textOf }),
    Moment: new GraphQLScalarType({
      name: "Moment",
      serialize: (value) => (value as Date).toISOString(),
      parseValue: (value) => new Date(value as string),
    }),
    Size: { S: 1, L: { large: true } },
    Node: { __resolveType: nodeType },
    Thing: { __resolveType: thingType },
    Leaf: {
      next,
      computed,
      secret: ({ id, value }: Parent, _args: unknown, { viewer }: WorldContext) => [
        id,
        viewer,
        value,
      ],
      siblings: (_parent: unknown, { first }: { first?: number }) =>
        whole(IDS.map(read)).slice(0, first ?? 9),
    },
    Branch: {
      next,
      computed,
      greeting: ({ id }: Parent, { size }: { size: unknown }, { locale }: WorldContext) => [
        id,
        size,
        locale,
      ],
      filtered: (_parent: unknown, { filter }: { filter?: Filter }) =>
        filter && whole([read(filter.id), read(filter.deep?.id ?? "9")]),
    },
    Inner: {
      outer: ({ id }: Parent) => read(id),
      doubled: ({ value }: Parent) => [value, value],
    },
    Query: {
      same: () => ({}),
      node: (_root: unknown, { id }: { id: string }) => read(id),
      required: async (_root: unknown, { id }: { id: string }) => read(id),
      nodes: (_root: unknown, { ids }: { ids?: (string | null)[] }) =>
        ids?.map((id) => (id === null ? null : read(id))) ?? null,
      all: () => whole(IDS.map(read)),
      promised: (_root: unknown, { ids }: { ids: string[] }, { nodes }: WorldContext) =>
        ids.map((id) => nodes.load(id)),
      value: (_root: unknown, { id }: { id: string }) => contentOf(read(id)),
      values: (_root: unknown, { filter }: { filter: Filter }) => [
        filter,
        contentOf(read(filter.id)),
      ],
      thing: (_root: unknown, { id }: { id: string }) => {
        const node = read(id);
        return isLeaf(node) ? node : ((node as { thing?: unknown } | null)?.thing ?? null);
      },
      things: () => whole(IDS.map(read)).filter(isLeaf),
      mine: (_root: unknown, { id }: { id: string }, { viewer }: WorldContext) => {
        const node = read(id);
        return node && !(node instanceof Error)
          ? { __typename: nodeType(node), id, value: viewer, needed: viewer ?? "nobody" }
          : node;
      },
      greeting: (_root: unknown, { id }: { id: string }, { locale }: WorldContext) =>
        new Map([[id, locale]]),
      selected: (
        _root: unknown,
        { id }: { id: string },
        _context: unknown,
        info: GraphQLResolveInfo,
      ) => {
        const node = read(id);
        // What no nested field is made of: a Leaf's are the same wherever it is found.
        return isLeaf(node) ? { ...(node as object), needed: selectedNames(info).join() } : null;
      },
      plain: (_root: unknown, { id }: { id: string }) => read(id),
    },
    Mutation: {
      advance: (_root: unknown, { id }: { id: string }) => {
        advance(id);
        return read(id);
      },
      advanceAll: (_root: unknown, { ids }: { ids: string[] }) => {
        ids.forEach(advance);
        return ids.map(read);
      },
      fail: (_root: unknown, { id }: { id: string }) => {
        advance(id);
        throw new Error("failed after it was done");
      },
      forget: () => null,
    },
  };
}

interface Filter {
  readonly id: string;
  readonly deep?: Filter | null;
}

function contentOf(node: unknown): unknown {
  return node instanceof Error ? node : (node as { value?: unknown } | null)?.value;
}
