import type { GraphQLField, GraphQLObjectType, GraphQLSchema } from "graphql";
import { InvalidOptionError } from "../cache/errors.js";
import { escapeTagValue, type ParsedTemplate, parseTemplate } from "../cache/tag.js";
import { directiveError, malformedTemplate } from "./errors.js";
import { type Args, givenValue } from "./input-text.js";
import { chain, isPromise, type MaybePromise } from "./maybe-promise.js";
import {
  MissingValueError,
  type ResultPaths,
  UnknownPathError,
  type ValuePath,
  valuePath,
} from "./value-path.js";

const MAX_TAG_CHARACTERS = 1024;

/** Tags that one entry may have: each is a read of its own on every hit, and a list's length is often a caller's choice. */
export const MAX_TAGS = 1_000;

export type TemplateRoot = "args" | "parent" | "result" | "viewer";

/** What the templates of one field are checked against. */
export interface TemplateScope {
  readonly schema: GraphQLSchema;
  readonly coordinate: string;
  readonly parentType: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  /** The roots a template may name here. */
  readonly roots: readonly TemplateRoot[];
  readonly resultPaths: ResultPaths;
  /** Whether the texts are to tell parents apart, and not to be met by other templates'. */
  readonly isKey?: boolean | undefined;
}

/** What a template reads at run time; `result` only where it is known. */
export interface TemplateValues {
  readonly args: Args;
  readonly parent: unknown;
  readonly context: unknown;
  readonly viewer: string | undefined;
  readonly result?: unknown;
  /** As of `Reading`. */
  readonly onBadItem?: (error: unknown) => void;
}

export interface TagTemplate {
  readonly text: string;
  readonly parsed: ParsedTemplate;
  readonly needsArgs: boolean;
  readonly needsResult: boolean;
  readonly needsViewer: boolean;
  /** True where one value is a list, so that it renders one tag an element. */
  readonly hasList: boolean;
  /** The parent's properties, where the template reads nothing else; undefined where it does. */
  readonly onlyOfParent: readonly string[] | undefined;
  /**
   * The tags, a promise only where something read was one.
   *
   * @throws MissingValueError, or what a scalar's `serialize` throws.
   */
  render(values: TemplateValues): MaybePromise<string[]>;
}

type Reader = (values: TemplateValues) => MaybePromise<string[]>;

interface Place {
  readonly root: TemplateRoot;
  readonly hasList: boolean;
  readonly onlyProperty: string | undefined;
  readonly read: Reader;
}

/**
 * Takes a template apart and checks its paths against the SDL.
 *
 * @throws DirectiveError for a malformed template, an unknown root or path, or two lists in one template.
 */
export function compileTemplate(text: string, scope: TemplateScope): TagTemplate {
  const parsed = parse(text, scope.coordinate);
  const places = parsed.names.map((name) => compilePlace(text, name, scope));
  if (places.filter(({ hasList }) => hasList).length > 1) {
    throw directiveError(
      scope.coordinate,
      `the template "${text}" may go through one list, but has two.`,
    );
  }
  return {
    text,
    parsed,
    needsArgs: places.some(({ root }) => root === "args"),
    needsResult: places.some(({ root }) => root === "result"),
    needsViewer: places.some(({ root }) => root === "viewer"),
    hasList: places.some(({ hasList }) => hasList),
    onlyOfParent: onlyOfParent(places),
    render: renderer(parsed.literals, places),
  };
}

function parse(text: string, coordinate: string): ParsedTemplate {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (error instanceof InvalidOptionError) throw malformedTemplate(coordinate, error);
    throw error;
  }
}

function renderer(literals: readonly string[], places: readonly Place[]): Reader {
  const first = literals[0] ?? "";
  if (places.length === 0) return () => [first];
  const [only, ...others] = places as [Place, ...Place[]];
  if (others.length === 0) {
    const last = literals[1] ?? "";
    return (values) => {
      const texts = only.read(values);
      if (isPromise(texts))
        return texts.then((found) => refuseUnusable(around(first, found, last)));
      return refuseUnusable(around(first, texts, last));
    };
  }
  return (values) => {
    let tags: MaybePromise<string[]> = [first];
    places.forEach(({ read }, index) => {
      const literal = literals[index + 1] ?? "";
      // One after the other: what is under way when a later one throws would reject unheard.
      tags = chain(tags, (heads) => chain(read(values), (texts) => append(heads, texts, literal)));
    });
    return chain(tags, refuseUnusable);
  };
}

function onlyOfParent(places: readonly Place[]): string[] | undefined {
  const names = places.map(({ root, onlyProperty }) =>
    root === "parent" ? onlyProperty : undefined,
  );
  return names.every((name) => name !== undefined) ? names : undefined;
}

/** Such a tag would make the cache refuse all the others that come with it. */
function refuseUnusable(tags: string[]): string[] {
  const unusable = tags.find((tag) => tag === "" || tag.length > MAX_TAG_CHARACTERS);
  if (unusable === undefined) return tags;
  throw new RangeError(
    `gave a tag of ${unusable.length} characters, which must have 1 to ${MAX_TAG_CHARACTERS}`,
  );
}

function around(head: string, texts: readonly string[], literal: string): string[] {
  return texts.map((text) => head + escapeTagValue(text) + literal);
}

/** At most one of both is longer than one. */
function append(heads: readonly string[], texts: readonly string[], literal: string): string[] {
  return heads.flatMap((head) => texts.map((text) => head + escapeTagValue(text) + literal));
}

function compilePlace(text: string, name: string, scope: TemplateScope): Place {
  const [root, ...names] = name.split(".");
  if (!isRoot(root) || !scope.roots.includes(root)) {
    const allowed = scope.roots
      .map((each) => `{${each}${each === "viewer" ? "" : ".*"}}`)
      .join(", ");
    throw directiveError(
      scope.coordinate,
      `the template "${text}" may begin a path with ${allowed}, but begins one with "${root}".`,
    );
  }
  try {
    return { root, ...readerOf(root, names, name, scope) };
  } catch (error) {
    if (!(error instanceof UnknownPathError)) throw error;
    throw directiveError(
      scope.coordinate,
      `the template "${text}" has an unknown path {${name}}: ${error.message}.`,
      error,
    );
  }
}

function readerOf(
  root: TemplateRoot,
  names: readonly string[],
  shown: string,
  scope: TemplateScope,
): Omit<Place, "root"> {
  const { schema, field, parentType, resultPaths, isKey } = scope;
  if (root === "viewer") {
    if (names.length > 0) throw new UnknownPathError("the viewer has no fields");
    return { hasList: false, onlyProperty: undefined, read: readViewer };
  }
  if (root === "parent") {
    const path = valuePath(schema, parentType, names, {
      shown,
      resultPaths,
      tellsTypes: isKey,
    });
    return reading(path, (values) => values.parent);
  }
  if (root === "result") {
    const path = valuePath(schema, field.type, names, { shown, resultPaths });
    return reading(path, (values) => values.result);
  }
  const [first, ...rest] = names;
  const argument = field.args.find((each) => each.name === first);
  if (!argument) {
    throw new UnknownPathError(
      first === undefined
        ? "it names no argument"
        : `${scope.coordinate} has no argument "${first}"`,
    );
  }
  const path = valuePath(schema, argument.type, rest, { shown, resultPaths: {} });
  return reading(path, (values) => givenValue(values.args, argument.name));
}

function reading(
  path: ValuePath,
  rootOf: (values: TemplateValues) => unknown,
): Omit<Place, "root"> {
  const { hasList, onlyProperty } = path;
  return { hasList, onlyProperty, read: (values) => path.read(rootOf(values), values) };
}

function readViewer({ viewer }: TemplateValues): string[] {
  if (viewer === undefined) throw new MissingValueError("found no viewer");
  return [viewer];
}

function isRoot(name: string | undefined): name is TemplateRoot {
  return name === "args" || name === "parent" || name === "result" || name === "viewer";
}
