import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  type InlineFragmentNode,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { directivesText, valuesText } from "./selected-values.js";

type Info = Pick<
  GraphQLResolveInfo,
  "fieldNodes" | "fragments" | "returnType" | "schema" | "variableValues"
>;

/** Nodes one expansion may visit: crossing fragments and conditions can ask for exponentially many. */
const MAX_NODES = 10_000;

/** The nodes that answer one response name under the same type conditions. */
interface Selected {
  conditions: readonly string[];
  responseName: string;
  type: GraphQLNamedType;
  nodes: FieldNode[];
  /** Of each node, those of the fragments around it first. */
  directives: string[];
}

/** Where a selection set was met. */
interface Surroundings {
  readonly conditions: readonly string[];
  readonly directives: string;
}

/**
 * One text for all items of a list, which share `fieldNodes`. By the variables first, an object of each execution: what
 * compiles a query uses the same nodes for all of its executions.
 */
const expanded = new WeakMap<object, WeakMap<readonly FieldNode[], string>>();

/**
 * What is selected below a field, as one text that is the same for documents that ask for the same: fragments
 * inlined (their names are the client's choice), `@skip` and `@include` decided, what occurs twice merged, names
 * sorted; aliases, arguments and other directives kept, the field's own among them, since a resolver may use all.
 *
 * @throws RangeError for a selection that expands to more than 10,000 nodes.
 */
export function expandedSelection(info: Info): string {
  const { fieldNodes, returnType, variableValues } = info;
  let texts = expanded.get(variableValues);
  if (!texts) {
    texts = new WeakMap();
    expanded.set(variableValues, texts);
  }
  let text = texts.get(fieldNodes);
  if (text === undefined) {
    // A compiled query has the nodes that its variables leave out as well.
    const included = fieldNodes.filter((node) => isIncluded(node, info));
    const directives = merged(included.map((node) => directivesText(node, info)));
    text = directives + createWriter(info)(selectionSets(included), getNamedType(returnType));
    texts.set(fieldNodes, text);
  }
  return text;
}

function createWriter(info: Info): typeof write {
  let nodesLeft = MAX_NODES;
  return write;

  function write(sets: readonly SelectionSetNode[], type: GraphQLNamedType): string {
    const fields = new Map<string, Selected>();
    const visited = new Set<string>();
    const around = { conditions: [], directives: "" };
    for (const set of sets) collect(set, type, around, fields, visited);
    const texts = Array.from(fields.values(), writeField);
    return texts.length === 0 ? "" : `(${texts.sort().join(",")})`;
  }

  function writeField({ conditions, responseName, type, nodes, directives }: Selected): string {
    const [node] = nodes as [FieldNode, ...FieldNode[]];
    const name = node.name.value;
    const on = conditions.length === 0 ? "" : `on ${conditions.join("&")}:`;
    const alias = responseName === name ? "" : `${responseName}:`;
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    if (!field) return on + alias + name + merged(directives);
    const values = valuesText(field, node, info) + merged(directives);
    return on + alias + name + values + write(selectionSets(nodes), getNamedType(field.type));
  }

  function collect(
    { selections }: SelectionSetNode,
    type: GraphQLNamedType,
    { conditions, directives: around }: Surroundings,
    fields: Map<string, Selected>,
    visited: Set<string>,
  ): void {
    for (const node of selections) {
      if (nodesLeft-- <= 0) throw new RangeError(`the selection has more than ${MAX_NODES} nodes`);
      if (!isIncluded(node, info)) continue;
      const directives = around + directivesText(node, info);
      if (node.kind === Kind.FIELD) {
        const responseName = (node.alias ?? node.name).value;
        const place = `${conditions.join("&")} ${responseName}`;
        const selected = fields.get(place);
        if (selected) {
          selected.nodes.push(node);
          selected.directives.push(directives);
        } else {
          const nodes = [node];
          fields.set(place, { conditions, responseName, type, nodes, directives: [directives] });
        }
        continue;
      }
      const fragment = fragmentOf(node, { conditions, directives }, visited);
      if (!fragment) continue;
      const on = fragment.typeCondition?.name.value ?? type.name;
      const narrowed =
        on === type.name || conditions.includes(on) ? conditions : [...conditions, on].sort();
      const within = { conditions: narrowed, directives };
      collect(fragment.selectionSet, info.schema.getType(on) ?? type, within, fields, visited);
    }
  }

  /** A named fragment counts once in each set, under each condition and each directive. */
  function fragmentOf(
    node: Exclude<SelectionNode, FieldNode>,
    { conditions, directives }: Surroundings,
    visited: Set<string>,
  ): InlineFragmentNode | FragmentDefinitionNode | undefined {
    if (node.kind === Kind.INLINE_FRAGMENT) return node;
    const place = `${conditions.join("&")} ${directives} ${node.name.value}`;
    if (visited.has(place)) return undefined;
    visited.add(place);
    return info.fragments[node.name.value];
  }
}

/** Of nodes that are merged into one: where each has the same, once. */
function merged(directives: readonly string[]): string {
  return [...new Set(directives)].join("+");
}

function selectionSets(nodes: readonly FieldNode[]): SelectionSetNode[] {
  return nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
}

function isIncluded(node: SelectionNode, { variableValues }: Info): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false
  );
}
