import {
  buildSchema,
  type ConstDirectiveNode,
  coerceInputValue,
  type GraphQLArgument,
  type GraphQLDirective,
  getArgumentValues,
} from "graphql";
import { directiveError } from "./errors.js";
import { typeDefs } from "./type-defs.js";

/** The arguments of one `@cached`, with their defaults. Seconds throughout. */
export interface CachedArguments {
  readonly ttl: number;
  readonly tags: readonly string[];
  readonly scope: "PUBLIC" | "PRIVATE";
  readonly key: string | null;
  readonly vary: readonly string[];
  readonly version: number;
  readonly bySelection: boolean;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly nullTtl: number | null;
}

export interface EvictTagsArguments {
  readonly tags: readonly string[];
}

/** What a directive can stand on: a field, or a type with its `extend type`s. */
interface Declared {
  readonly astNode?: Annotated | null | undefined;
  readonly extensionASTNodes?: readonly Annotated[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

interface Annotated {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

const definitions = buildSchema(typeDefs);
const cachedDirective = definitionOf("cached");
const evictTagsDirective = definitionOf("evictTags");

/** `@cached` of a field or type: from its SDL, or from `extensions.cached` of a code-first one. */
export function readCached(field: Declared, coordinate: string): CachedArguments | undefined {
  const values = readArguments(cachedDirective, field, coordinate);
  if (!values) return undefined;
  // An explicit null stands for "not given", as it does where SDL leaves an argument out.
  const given = Object.entries(values).filter(([, value]) => value !== null);
  return { ...cachedDefaults, ...Object.fromEntries(given) } as CachedArguments;
}

/** `@evictTags` of a field: from its SDL, or from `extensions.evictTags` of a code-first field. */
export function readEvictTags(field: Declared, coordinate: string): EvictTagsArguments | undefined {
  return readArguments(evictTagsDirective, field, coordinate) as EvictTagsArguments | undefined;
}

const cachedDefaults = Object.fromEntries(
  cachedDirective.args.map(({ name, defaultValue }) => [name, defaultValue ?? null]),
);

function readArguments(
  directive: GraphQLDirective,
  field: Declared,
  coordinate: string,
): object | undefined {
  const nodes = [field.astNode, ...(field.extensionASTNodes ?? [])]
    .flatMap((node) => node?.directives ?? [])
    .filter(({ name }) => name.value === directive.name);
  const extension: unknown = field.extensions[directive.name];
  const [node] = nodes;
  if (nodes.length + (extension == null ? 0 : 1) > 1) {
    throw directiveError(coordinate, `@${directive.name} may stand once, but stands more often.`);
  }
  if (node) return fromNode(directive, node, coordinate);
  if (extension != null) return fromExtension(directive, extension, coordinate);
  return undefined;
}

function fromNode(
  directive: GraphQLDirective,
  node: ConstDirectiveNode,
  coordinate: string,
): object {
  refuseUnknown(directive, node.arguments?.map(({ name }) => name.value) ?? [], coordinate);
  try {
    return getArgumentValues(directive, node);
  } catch (error) {
    throw directiveError(coordinate, `@${directive.name}: ${messageOf(error)}`, error);
  }
}

function fromExtension(directive: GraphQLDirective, given: unknown, coordinate: string): object {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const text = `extensions.${directive.name} must be an object of the directive's arguments.`;
    throw directiveError(coordinate, text);
  }
  refuseUnknown(directive, Object.keys(given), coordinate);
  const record = given as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    directive.args.map((argument) => [
      argument.name,
      coerce(directive, argument, record[argument.name], coordinate),
    ]),
  );
}

function coerce(
  directive: GraphQLDirective,
  { name, type, defaultValue }: GraphQLArgument,
  value: unknown,
  coordinate: string,
): unknown {
  if (value === undefined && defaultValue !== undefined) return defaultValue;
  return coerceInputValue(value, type, (_path, _value, error) => {
    throw directiveError(coordinate, `@${directive.name}(${name}:): ${error.message}`, error);
  });
}

function refuseUnknown(
  directive: GraphQLDirective,
  names: readonly string[],
  coordinate: string,
): void {
  const unknown = names.find((name) => !directive.args.some((argument) => argument.name === name));
  if (unknown !== undefined) {
    throw directiveError(coordinate, `@${directive.name} has no argument "${unknown}".`);
  }
}

function definitionOf(name: string): GraphQLDirective {
  const directive = definitions.getDirective(name);
  if (!directive) throw new Error(`The directives' SDL lacks @${name}.`);
  return directive;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
