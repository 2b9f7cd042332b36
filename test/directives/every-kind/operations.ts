import fc, { type Arbitrary } from "fast-check";
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from "graphql";

/** A random operation: fragments, aliases, variables and conditions over all that the schema has. */
export interface RandomOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What the arguments of a schema may be given, by the name of their scalar or enum. */
export type Samples = Readonly<Record<string, Arbitrary<unknown>>>;

type Selection =
  | {
      readonly kind: "field";
      readonly name: string;
      readonly field: GraphQLField<unknown, unknown> | undefined;
      readonly alias: boolean;
      readonly args: Readonly<Record<string, Given>>;
      readonly condition: Condition | undefined;
      readonly below: readonly Selection[];
    }
  | {
      readonly kind: "inline" | "named";
      readonly on: string | undefined;
      readonly condition: Condition | undefined;
      readonly twice: boolean;
      readonly below: readonly Selection[];
    };

interface Given {
  readonly value: unknown;
  readonly byVariable: boolean;
}

interface Condition {
  readonly name: "skip" | "include";
  readonly if: boolean;
  readonly byVariable: boolean;
}

const MAX_DEPTH = 4;

export function operationsOf(
  schema: GraphQLSchema,
  kind: "query" | "mutation",
  samples: Samples,
): Arbitrary<RandomOperation> {
  const root = kind === "query" ? schema.getQueryType() : schema.getMutationType();
  if (!root) throw new Error(`The schema has no ${kind}.`);
  const sets = new Map<string, Arbitrary<readonly Selection[]>>();
  return selections(root, MAX_DEPTH).map((set) => write(kind, root.name, set));

  function selections(type: GraphQLNamedType, depth: number): Arbitrary<readonly Selection[]> {
    const place = `${type.name} ${depth}`;
    const known = sets.get(place);
    if (known) return known;
    const set = fc.array(selection(type, depth), { minLength: 1, maxLength: 4 });
    sets.set(place, set);
    return set;
  }

  function selection(type: GraphQLNamedType, depth: number): Arbitrary<Selection> {
    const fields = isUnionType(type) ? [typeName] : [typeName, ...fieldsOf(type, depth)];
    const plain = fc.constantFrom(...fields).chain((field) => fieldSelection(field, depth));
    // Below mutations each field writes: as fragments they would only be written otherwise.
    if (depth <= 1 || type === schema.getMutationType()) return plain;
    const fragment = fc.constantFrom(...conditionsOn(type)).chain((on) =>
      fc.record({
        kind: fc.constantFrom("inline" as const, "named" as const),
        on: fc.constant(on?.name),
        condition: conditions,
        twice: fc.boolean(),
        below: selections(on ?? type, depth - 1),
      }),
    );
    return fc.oneof({ arbitrary: plain, weight: 3 }, { arbitrary: fragment, weight: 1 });
  }

  function fieldSelection(
    field: GraphQLField<unknown, unknown>,
    depth: number,
  ): Arbitrary<Selection> {
    const inner = getNamedType(field.type);
    const args = Object.fromEntries(
      field.args.map((argument) => [argument.name, givenOf(argument)]),
    );
    return fc.record({
      kind: fc.constant("field" as const),
      name: fc.constant(field.name),
      field: fc.constant(field),
      alias: fc.boolean(),
      args: fc.record(args, {
        requiredKeys: field.args.filter(isRequired).map(({ name }) => name),
      }) as Arbitrary<Record<string, Given>>,
      condition: conditions,
      below: isCompositeType(inner) ? selections(inner, depth - 1) : fc.constant([]),
    });
  }

  function fieldsOf(type: GraphQLNamedType, depth: number): GraphQLField<unknown, unknown>[] {
    if (!("getFields" in type) || isInputObjectType(type)) return [];
    return Object.values(type.getFields()).filter(
      (field) => depth > 1 || !isCompositeType(getNamedType(field.type)),
    );
  }

  /** Types that overlap, so that the fragment is valid. */
  function conditionsOn(type: GraphQLNamedType): (GraphQLNamedType | undefined)[] {
    if (isAbstractType(type)) return [undefined, type, ...schema.getPossibleTypes(type)];
    return isObjectType(type) ? [undefined, type, ...type.getInterfaces()] : [undefined];
  }

  function givenOf({ type }: GraphQLArgument): Arbitrary<Given> {
    return fc.record({ value: inputOf(type), byVariable: fc.boolean() });
  }

  function inputOf(type: GraphQLInputType, depth = 2): Arbitrary<unknown> {
    const value = presentInput(getNullableType(type), depth);
    return isNonNullType(type) ? value : fc.option(value, { freq: 5 });
  }

  function presentInput(type: GraphQLInputType, depth: number): Arbitrary<unknown> {
    if (isListType(type)) return fc.array(inputOf(type.ofType, depth), { maxLength: 3 });
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => depth > 0 || !isInputObjectType(getNamedType(field.type)),
      );
      return fc.record(
        Object.fromEntries(fields.map((field) => [field.name, inputOf(field.type, depth - 1)])),
        { requiredKeys: fields.filter(isRequired).map(({ name }) => name) },
      );
    }
    const sample = samples[getNamedType(type).name];
    if (!sample) throw new Error(`There is no sample of ${String(type)}.`);
    return sample;
  }
}

const typeName = { name: "__typename", args: [], type: undefined } as unknown as GraphQLField<
  unknown,
  unknown
>;

const conditions: Arbitrary<Condition | undefined> = fc.option(
  fc.record({
    name: fc.constantFrom("skip" as const, "include" as const),
    if: fc.boolean(),
    byVariable: fc.boolean(),
  }),
  { nil: undefined, freq: 4 },
);

function isRequired({
  type,
  defaultValue,
}: Pick<GraphQLArgument, "type" | "defaultValue">): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}

function write(kind: string, root: string, set: readonly Selection[]): RandomOperation {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const fragments: string[] = [];
  const body = writeSet(set, root);
  const head = declared.length === 0 ? "" : ` (${declared.join(", ")})`;
  return { query: [`${kind}${head} ${body}`, ...fragments].join("\n"), variables };

  function writeSet(selections: readonly Selection[], parent: string): string {
    return `{ ${selections.map((selection) => writeOne(selection, parent)).join(" ")} }`;
  }

  function writeOne(selection: Selection, parent: string): string {
    const condition = selection.condition ? ` ${writeCondition(selection.condition)}` : "";
    if (selection.kind === "field") return writeField(selection, condition);
    const on = selection.on ?? parent;
    const below = writeSet(selection.below, on);
    if (selection.kind === "inline") {
      return `...${selection.on === undefined ? "" : ` on ${on}`}${condition} ${below}`;
    }
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${on} ${below}`);
    const spread = `...${name}${condition}`;
    return selection.twice ? `${spread} ...${name}` : spread;
  }

  function writeField(
    { name, field, alias, args, below }: Selection & { kind: "field" },
    condition: string,
  ): string {
    const written = Object.entries(args).map(([argument, given]) => {
      const type = field?.args.find((each) => each.name === argument)?.type as GraphQLInputType;
      return `${argument}: ${given.byVariable ? declare(type, given.value) : literal(given.value, type)}`;
    });
    // A response name of its own for each set of arguments: two fields of one name must not differ in them.
    const text = written.length === 0 ? "" : `(${written.join(", ")})`;
    const responseName =
      text === "" ? `${alias ? "other_" : ""}${name}` : `${name}_${nameOf(text)}`;
    const set =
      below.length === 0 ? "" : ` ${writeSet(below, field ? getNamedType(field.type).name : "")}`;
    return `${responseName === name ? "" : `${responseName}: `}${name}${text}${condition}${set}`;
  }

  function writeCondition({ name, if: value, byVariable }: Condition): string {
    return `@${name}(if: ${byVariable ? declareAs("Boolean!", value) : value})`;
  }

  function declare(type: GraphQLInputType, value: unknown): string {
    return declareAs(String(type), value);
  }

  function declareAs(type: string, value: unknown): string {
    const name = `v${declared.length}`;
    declared.push(`$${name}: ${type}`);
    variables[name] = value;
    return `$${name}`;
  }
}

function nameOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

function literal(value: unknown, type: GraphQLInputType): string {
  const nullable = getNullableType(type);
  if (value === null) return "null";
  if (isListType(nullable)) {
    return `[${(value as unknown[]).map((item) => literal(item, nullable.ofType)).join(", ")}]`;
  }
  if (isInputObjectType(nullable)) {
    const fields = nullable.getFields();
    const written = Object.entries(value as object).map(
      ([name, item]) => `${name}: ${literal(item, fields[name]?.type as GraphQLInputType)}`,
    );
    return `{${written.join(", ")}}`;
  }
  return isEnumType(nullable) ? String(value) : JSON.stringify(value);
}
