import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  buildASTSchema,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  parse,
  Source,
} from "graphql";
import { typeDefs } from "../directives/type-defs.js";
import { UsageError } from "./errors.js";

const SDL_FILE = /\.(graphqls?|gql)$/;

export function isSdlFile(path: string): boolean {
  return SDL_FILE.test(path);
}

/** The path itself, or where it is a folder all SDL files in it and below, but for those of installed packages. */
export async function sdlFilesIn(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const inside = await readdir(path, { withFileTypes: true });
  const found = inside.map(async (one) => {
    const name = join(path, one.name);
    if (one.isDirectory()) return one.name === "node_modules" ? [] : sdlFilesIn(name);
    return isSdlFile(name) ? [name] : [];
  });
  return (await Promise.all(found)).flat().sort();
}

/**
 * One schema of several files, in which a type may be defined in parts, as the tools that merge files allow.
 *
 * @throws UsageError for what is no SDL.
 */
export async function readSdl(files: readonly string[]): Promise<GraphQLSchema> {
  const documents = await Promise.all(files.map(readDocument));
  const definitions = documents.flatMap((document) => document.definitions);
  const declares = (name: string) =>
    definitions.some((node) => node.kind === Kind.DIRECTIVE_DEFINITION && node.name.value === name);
  const own = parse(typeDefs).definitions.filter(
    (node) =>
      !(
        "name" in node &&
        node.name &&
        (node.kind === Kind.DIRECTIVE_DEFINITION
          ? declares(node.name.value)
          : definesType(definitions, node.name.value))
      ),
  );
  try {
    return buildASTSchema(
      { kind: Kind.DOCUMENT, definitions: joined([...own, ...definitions]) },
      { assumeValidSDL: true },
    );
  } catch (cause) {
    throw new UsageError(`The SDL must make one schema, but ${messageOf(cause)}`, { cause });
  }
}

async function readDocument(file: string): Promise<DocumentNode> {
  try {
    return parse(new Source(await readFile(file, "utf8"), file));
  } catch (cause) {
    throw new UsageError(`${file} must hold SDL, but ${messageOf(cause)}`, { cause });
  }
}

function definesType(definitions: readonly DefinitionNode[], name: string): boolean {
  return definitions.some(
    (node) => node.kind.endsWith("TypeDefinition") && "name" in node && node.name?.value === name,
  );
}

/** The first part of a type as its definition, the others as extensions of it. */
function joined(definitions: readonly DefinitionNode[]): DefinitionNode[] {
  const sorted = [...definitions].sort((a, b) => Number(isExtension(a)) - Number(isExtension(b)));
  const defined = new Set<string>();
  return sorted.map((node) => {
    if (!/Type(Definition|Extension)$/.test(node.kind) || !("name" in node) || !node.name)
      return node;
    const part = defined.has(node.name.value) ? "Extension" : "Definition";
    defined.add(node.name.value);
    return { ...node, kind: node.kind.replace(/(Definition|Extension)$/, part) } as DefinitionNode;
  });
}

function isExtension(node: DefinitionNode): boolean {
  return node.kind.endsWith("Extension");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
