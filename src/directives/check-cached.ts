import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNullableType,
  isLeafType,
} from "graphql";
import type { CachedArguments } from "./declarations.js";
import { directiveError } from "./errors.js";
import { disregard } from "./maybe-promise.js";
import type { AnyContextOptions } from "./options.js";
import { compileTemplate, type TagTemplate, type TemplateRoot } from "./tag-template.js";

/** More than this the cache refuses, and then on every lookup. */
const MAX_SECONDS = 365 * 24 * 3600;

/** A field of an object type, and what its directives are checked against. */
export interface FieldSite {
  readonly schema: GraphQLSchema;
  readonly coordinate: string;
  readonly parentType: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  readonly options: AnyContextOptions;
  /** True where the field stands for an entity's `__resolveReference`. */
  readonly isEntity?: boolean;
}

/** What the checks of one `@cached` leave behind. */
export interface CheckedField {
  /** Absent on the fields of Query, which have no parent, and on entities without a key of their own. */
  readonly parentKey: TagTemplate | undefined;
  readonly templates: readonly TagTemplate[];
  readonly vary: readonly VaryingPart[];
}

export interface VaryingPart {
  readonly name: string;
  readonly read: (context: unknown) => unknown;
}

/**
 * Holds one `@cached` against its schema and the options.
 *
 * @throws DirectiveError naming the field, what must hold and what came instead.
 */
export function checkCached(site: FieldSite, directive: CachedArguments): CheckedField {
  const { coordinate, options } = site;
  refuseWriteRoots(site);
  checkSeconds(coordinate, directive);
  if (directive.scope === "PRIVATE" && !options.viewer) {
    throw directiveError(
      coordinate,
      '@cached(scope: PRIVATE) needs the option "viewer" of cacheDirectives.',
    );
  }
  const templates = directive.tags.map((text) => compileTemplateAt(site, text, rootsAt(site)));
  if (directive.scope === "PUBLIC") refuseViewer(coordinate, templates);
  return {
    parentKey: parentKeyOf(site, directive.key, templates),
    templates,
    vary: [...new Set(directive.vary)].sort().map((name) => varyingPart(site, name)),
  };
}

/** What a tag's template may name at a field. */
export function rootsAt({ schema, parentType }: FieldSite): readonly TemplateRoot[] {
  const hasParent = parentType !== schema.getQueryType() && parentType !== schema.getMutationType();
  return hasParent ? ["args", "parent", "result", "viewer"] : ["args", "result", "viewer"];
}

/** Compiles a template, and refuses {viewer} where nobody can tell the viewer. */
export function compileTemplateAt(
  site: FieldSite,
  text: string,
  roots: readonly TemplateRoot[],
  { isKey = false } = {},
): TagTemplate {
  const { schema, coordinate, parentType, field, options } = site;
  const resultPaths = options.resultPaths ?? {};
  const template = compileTemplate(text, {
    schema,
    coordinate,
    parentType,
    field,
    roots,
    resultPaths,
    isKey,
  });
  if (template.needsViewer && !options.viewer) {
    const reason = `the template "${text}" needs the option "viewer" of cacheDirectives.`;
    throw directiveError(coordinate, reason);
  }
  return template;
}

function refuseViewer(coordinate: string, templates: readonly TagTemplate[]): void {
  const naming = templates.find(({ needsViewer }) => needsViewer);
  if (!naming) return;
  throw directiveError(
    coordinate,
    `the template "${naming.text}" needs @cached(scope: PRIVATE): all viewers share the one entry of a PUBLIC field, ` +
      "and it would be filed under one of them.",
  );
}

function refuseWriteRoots({ schema, parentType, coordinate }: FieldSite): void {
  if (parentType === schema.getMutationType() || parentType === schema.getSubscriptionType()) {
    const text = `@cached may not stand on a field of ${parentType.name}, whose answers are not to be repeated.`;
    throw directiveError(coordinate, text);
  }
}

function checkSeconds(coordinate: string, directive: CachedArguments): void {
  const { ttl, nullTtl, staleWhileRevalidate, staleIfError } = directive;
  const all = { ttl, nullTtl, staleWhileRevalidate, staleIfError };
  for (const [name, seconds] of Object.entries(all)) {
    const must = seconds === null ? undefined : broken(name, seconds);
    if (must === undefined) continue;
    throw directiveError(coordinate, `@cached(${name}:) must be ${must}, but is ${seconds}.`);
  }
}

/** What must hold of so many seconds and doesn't. */
function broken(name: string, seconds: number): string | undefined {
  if (name === "ttl" && !(seconds > 0)) return "greater than 0 seconds";
  if (!(seconds >= 0)) return "0 seconds or more";
  return seconds > MAX_SECONDS ? `${MAX_SECONDS} seconds (a year) at the most` : undefined;
}

function parentKeyOf(
  site: FieldSite,
  key: string | null,
  templates: readonly TagTemplate[],
): TagTemplate | undefined {
  const { schema, parentType, coordinate, isEntity = false } = site;
  if (isEntity && key === null) return undefined;
  if (parentType === schema.getQueryType()) {
    if (key === null) return undefined;
    throw directiveError(
      coordinate,
      `@cached(key:) tells parents apart, but ${parentType.name} has none.`,
    );
  }
  if (key === null && !hasId(parentType)) {
    throw directiveError(
      coordinate,
      `nothing tells one ${parentType.name} from another: it has no field "id", and @cached has no "key".`,
    );
  }
  const text = withParentOf(templates, key ?? "{parent.id}");
  const template = compileTemplateAt(site, text, ["parent"], { isKey: true });
  if (template.hasList) {
    throw directiveError(coordinate, `@cached(key: "${template.text}") may not go through a list.`);
  }
  if (template.parsed.names.length === 0) {
    throw directiveError(
      coordinate,
      `@cached(key: "${template.text}") must hold a {parent.*}, or all parents would share one entry.`,
    );
  }
  return template;
}

/**
 * A tag that is known only from the result is not compared when the entry is found: what such a one says of the parent
 * must be in the key, or a parent that has changed since would find the entry that is filed under its old value.
 */
function withParentOf(templates: readonly TagTemplate[], key: string): string {
  const names = templates
    .filter(({ needsResult }) => needsResult)
    .flatMap(({ parsed }) => parsed.names.filter((name) => name.startsWith("parent.")));
  const missing = [...new Set(names)].filter((name) => !key.includes(`{${name}}`));
  return [key, ...missing.map((name) => `{${name}}`)].join(",");
}

function hasId(type: GraphQLObjectType): boolean {
  const id = type.getFields().id;
  return id !== undefined && isLeafType(getNullableType(id.type));
}

function varyingPart({ coordinate, options }: FieldSite, name: string): VaryingPart {
  const known = options.vary ?? {};
  const read = Object.hasOwn(known, name) ? known[name] : undefined;
  if (read === undefined) {
    const names =
      Object.keys(known)
        .map((each) => `"${each}"`)
        .join(", ") || "none";
    throw directiveError(
      coordinate,
      `@cached(vary: ["${name}"]) names nothing in the option "vary" of cacheDirectives, which has ${names}.`,
    );
  }
  if (typeof read !== "function") {
    throw directiveError(
      coordinate,
      `the option "vary" must give a function for "${name}", but gives ${read === null ? "null" : typeof read}.`,
    );
  }
  return {
    name,
    read: (context) => {
      const part = read(context as never);
      disregard(part);
      return part;
    },
  };
}
