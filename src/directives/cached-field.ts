import {
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  getNullableType,
  isListType,
} from "graphql";
import { referenceText } from "./cached-entity.js";
import { canonicalData, shortened } from "./canonical.js";
import { checkCached, type FieldSite, type VaryingPart } from "./check-cached.js";
import type { CachedArguments } from "./declarations.js";
import { type HeldEnum, heldEnum } from "./enum-objects.js";
import { fieldDigest } from "./field-digest.js";
import { type FieldKey, fieldKey, type KeyParts } from "./field-key.js";
import { argumentText } from "./input-text.js";
import { mayLack } from "./may-lack.js";
import { disregard } from "./maybe-promise.js";
import { requiredNames } from "./required-names.js";
import { expandedSelection } from "./selection.js";
import { type Objection, storableCheck } from "./storable.js";
import type { TagTemplate } from "./tag-template.js";

/** Everything about a cached field that is known before the first request. */
export interface CachedField {
  readonly coordinate: string;
  /** What lies below the field inherits its cache hint. */
  readonly returnType: GraphQLNamedType;
  /** True for what is read from a parent, which may be older than the moment of the read. */
  readonly hasParent: boolean;
  /** The properties of the parent that the key is made of, each as a whole. */
  readonly keyNames: ReadonlySet<string>;
  readonly isPrivate: boolean;
  /** False where the answer hangs on who asks. */
  readonly isShared: boolean;
  readonly key: FieldKey;
  /** What its keys are made of, to be read: `/{parent.id}(first,after)|locale|viewer`; `/{parent}` for all of a reference. */
  readonly keyShape: string;
  /**
   * The parent's properties that key and known tags hang on, where they hang on nothing else; undefined where they do:
   * on arguments, viewer, context, selection, or on more of the parent.
   */
  readonly onlyOfParent: readonly string[] | undefined;
  /** Tags known before the load, and those that need its result. */
  readonly knownTags: readonly TagTemplate[];
  readonly resultTags: readonly TagTemplate[];
  readonly keepsNull: boolean;
  /** What else of the context the key holds. */
  readonly vary: readonly VaryingPart[];
  readonly bySelection: boolean;
  readonly isList: boolean;
  readonly objection: Objection;
  readonly heldEnum: HeldEnum;
  readonly entry: EntryTimes;
}

export interface EntryTimes {
  readonly ttlSeconds: number;
  readonly staleWhileRevalidateSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly nullTtlSeconds: number;
  readonly coordinate: string;
}

/** Checks one `@cached` and builds what its resolver needs. */
export function cachedField(site: FieldSite, directive: CachedArguments): CachedField {
  const { coordinate, field, schema, isEntity = false } = site;
  const { parentKey, templates, vary } = checkCached(site, directive);
  const required = parentKey && directive.key === null && !isEntity ? requiredNames(field) : [];
  const parentText = parentKey
    ? parentReader(parentKey, required)
    : isEntity
      ? referenceText
      : undefined;
  const isPrivate = directive.scope === "PRIVATE";
  const knownTags = templates.filter(({ needsResult }) => !needsResult);
  const hangsOnMore =
    isPrivate ||
    vary.length > 0 ||
    directive.bySelection ||
    field.args.length > 0 ||
    required.length > 0 ||
    !parentKey;
  const nullTtlSeconds = directive.nullTtl ?? directive.ttl;
  const parts: KeyParts = {
    coordinate,
    digest: fieldDigest(schema, field, directive),
    argumentText: argumentText(field.args),
    ...(parentText ? { parentText } : {}),
    ...(directive.bySelection
      ? { selectionText: (info: GraphQLResolveInfo) => expandedSelection(info) }
      : {}),
  };
  return {
    coordinate,
    returnType: getNamedType(field.type),
    hasParent: parentKey !== undefined && !isEntity,
    keyNames: new Set([...(parentKey?.parsed.names.flatMap(onlyPropertyOf) ?? []), ...required]),
    isPrivate,
    isShared: !isPrivate && vary.length === 0,
    key: fieldKey(parts),
    keyShape: keyShapeOf(site, directive, parentKey, required),
    onlyOfParent: hangsOnMore ? undefined : propertiesOf([parentKey, ...knownTags]),
    knownTags,
    resultTags: templates.filter(({ needsResult }) => needsResult),
    keepsNull: nullTtlSeconds > 0,
    vary,
    bySelection: directive.bySelection,
    isList: isListType(getNullableType(field.type)),
    objection: storableCheck(schema, field.type, mayLack(site.options, directive.bySelection)),
    heldEnum: heldEnum(schema),
    entry: {
      ttlSeconds: directive.ttl,
      staleWhileRevalidateSeconds: directive.staleWhileRevalidate,
      staleIfErrorSeconds: directive.staleIfError,
      nullTtlSeconds,
      coordinate,
    },
  };
}

function propertiesOf(templates: readonly TagTemplate[]): readonly string[] | undefined {
  if (templates.some(({ onlyOfParent }) => onlyOfParent === undefined)) return undefined;
  return templates.flatMap(({ onlyOfParent }) => onlyOfParent ?? []);
}

/** None where the path goes on: what else lies there is no part of the key. */
function onlyPropertyOf(path: string): string[] {
  const [, name, ...rest] = path.split(".");
  return name === undefined || rest.length > 0 ? [] : [name];
}

function keyShapeOf(
  { field, isEntity = false }: FieldSite,
  { vary, scope, bySelection }: CachedArguments,
  parentKey: TagTemplate | undefined,
  required: readonly string[],
): string {
  const args = field.args.map(({ name }) => name);
  return [
    parentKey ? `/${parentKey.text}` : isEntity ? "/{parent}" : "",
    ...required.map((name) => `,{parent.${name}}`),
    args.length > 0 ? `(${args.join(",")})` : "",
    ...vary.map((name) => `|${name}`),
    scope === "PRIVATE" ? "|viewer" : "",
    bySelection ? "|selection" : "",
  ].join("");
}

function parentReader(
  template: TagTemplate,
  required: readonly string[],
): (parent: unknown, context: unknown) => string {
  return (parent, context) => {
    const texts = template.render({ args: {}, parent, context, viewer: undefined });
    if (Array.isArray(texts)) return (texts[0] as string) + requiredText(parent, required);
    disregard(texts);
    throw new TypeError(`the key "${template.text}" found a promise`);
  };
}

function requiredText(parent: unknown, required: readonly string[]): string {
  if (required.length === 0) return "";
  const values = required.map((name) => (parent as Readonly<Record<string, unknown>>)[name]);
  for (const value of values) disregard(value);
  return `,${shortened(canonicalData(values))}`;
}
