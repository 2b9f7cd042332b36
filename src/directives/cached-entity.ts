import type { GraphQLField, GraphQLObjectType, GraphQLResolveInfo } from "graphql";
import { canonical, shortened } from "./canonical.js";
import type { FieldSite } from "./check-cached.js";
import type { Resolver } from "./environment.js";
import { directiveError } from "./errors.js";
import { isRecord } from "./is-record.js";
import { chain } from "./maybe-promise.js";
import type { AnyContextOptions } from "./options.js";

/** Turns a reference, as the router sends it, into its entity. */
type ResolveReference = (reference: unknown, context: unknown, info: GraphQLResolveInfo) => unknown;

/** Where `@apollo/subgraph` keeps that function. */
interface SubgraphExtensions {
  readonly apollo?: { readonly subgraph?: { readonly resolveReference?: ResolveReference } };
}

/**
 * An entity type's `__resolveReference` as a field, so that `@cached` on the type is checked and read like one on a
 * field. Its parent is the reference: the entity's key, and what it `@requires`.
 *
 * Definitions alone have that function elsewhere: there an entity is known by its `@key`.
 *
 * @throws DirectiveError where the type is no entity: `@cached` on it would cache nothing.
 */
export function entitySite(
  schema: FieldSite["schema"],
  type: GraphQLObjectType,
  options: AnyContextOptions,
  hasResolvers: boolean,
): FieldSite {
  const isEntity = hasResolvers ? resolveReferenceOf(type) !== undefined : hasKey(type);
  if (!isEntity) {
    const text =
      "@cached on a type caches what its __resolveReference gives to the router of a federated graph, " +
      `but it has ${hasResolvers ? "none" : "no @key"}. Elsewhere @cached stands on fields.`;
    throw directiveError(type.name, text);
  }
  const field: GraphQLField<unknown, unknown> = {
    name: "__resolveReference",
    description: undefined,
    type,
    args: [],
    deprecationReason: undefined,
    extensions: {},
    astNode: undefined,
  };
  return {
    schema,
    coordinate: entityCoordinate(type.name),
    parentType: type,
    field,
    options,
    isEntity: true,
  };
}

export function entityCoordinate(typeName: string): string {
  return `${typeName}.__resolveReference`;
}

/** All that the router sent but the type's name: another key, or another required value, may be another result. */
export function referenceText(reference: unknown): string {
  const { __typename: _, ...sent } = reference as Readonly<Record<string, unknown>>;
  return shortened(canonical(sent));
}

/** The type's extensions with `__resolveReference` as `wrap` leaves it; undefined where it has none. */
export function withResolveReference(
  type: GraphQLObjectType,
  wrap: (resolve: Resolver) => Resolver | undefined,
): GraphQLObjectType["extensions"] | undefined {
  const original = resolveReferenceOf(type);
  const wrapped =
    original &&
    wrap((reference, _args, context, info) =>
      chain(original(reference, context, info), (entity) => withTypename(entity, type.name)),
    );
  if (!wrapped) return undefined;
  const resolveReference: ResolveReference = (reference, context, info) =>
    wrapped.call(undefined, reference, {}, context, info);
  const { apollo } = type.extensions as SubgraphExtensions;
  return {
    ...type.extensions,
    apollo: { ...apollo, subgraph: { ...apollo?.subgraph, resolveReference } },
  };
}

function resolveReferenceOf(type: GraphQLObjectType): ResolveReference | undefined {
  return (type.extensions as SubgraphExtensions).apollo?.subgraph?.resolveReference;
}

/** By its argument, since `@link` may bring it in under another name; no other directive of a type has one like it. */
function hasKey({ astNode, extensionASTNodes }: GraphQLObjectType): boolean {
  return [astNode, ...extensionASTNodes]
    .flatMap((node) => node?.directives ?? [])
    .some((directive) => directive.arguments?.some(({ name }) => name.value === "fields"));
}

/** `@apollo/subgraph` would write it into the value it is given, which may be one that all callers share, and frozen. */
function withTypename(entity: unknown, name: string): unknown {
  return isRecord(entity) && !("__typename" in entity) ? { ...entity, __typename: name } : entity;
}
