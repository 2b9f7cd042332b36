import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type GraphQLSchema, isInterfaceType, isObjectType, isSchema } from "graphql";
import { applicationOf } from "../directives/applications.js";
import { readCached } from "../directives/declarations.js";
import type { AnyContextOptions } from "../directives/options.js";
import { UsageError } from "./errors.js";
import type { Inspected } from "./inspect-schema.js";
import { isSdlFile, readSdl, sdlFilesIn } from "./read-sdl.js";

/**
 * Loads what the command line names: SDL files and folders of them, or one module that exports a GraphQLSchema as
 * `schema` or by default. What `directives.apply` gave is known with its options; of others they are guessed, in their
 * favour.
 *
 * @throws UsageError for what cannot be loaded.
 */
export async function loadSchema(
  paths: readonly string[],
  externalTags: readonly string[],
): Promise<Inspected> {
  for (const path of paths) if (!existsSync(path)) throw new UsageError(`There is no ${path}.`);
  const areModules = await Promise.all(paths.map(isModule));
  const modules = paths.filter((_, index) => areModules[index]);
  if (modules.length === 0) {
    const files = (await Promise.all(paths.map(sdlFilesIn))).flat();
    if (files.length === 0)
      throw new UsageError(`There is no .graphql file in ${paths.join(", ")}.`);
    const schema = await readSdl(files);
    return { schema, options: guessedOptions(schema, externalTags), hasResolvers: false };
  }
  if (paths.length > 1) throw new UsageError("A module must be the only schema that is named.");
  const schema = await importSchema(resolve(modules[0] as string));
  const known = applicationOf(schema)?.options;
  return {
    schema: applicationOf(schema)?.plain ?? schema,
    options: known
      ? { ...known, externalTags: [...(known.externalTags ?? []), ...externalTags] }
      : guessedOptions(schema, externalTags),
    hasResolvers: true,
  };
}

async function isModule(path: string): Promise<boolean> {
  return !isSdlFile(path) && (await stat(path)).isFile();
}

async function importSchema(file: string): Promise<GraphQLSchema> {
  const found = await importModule(file);
  const schema = [
    found.schema,
    found.default,
    (found.default as { schema?: unknown })?.schema,
  ].find((each) => typeof each === "object" && each !== null && isSchema(each));
  if (schema) return schema as GraphQLSchema;
  const names = Object.keys(found).join(", ") || "nothing";
  throw new UsageError(
    `${file} must export a GraphQLSchema as "schema" or by default, but exports ${names}.`,
  );
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(file).href;
  try {
    return await import(url);
  } catch (cause) {
    const code = (cause as { code?: unknown } | null)?.code;
    const tsImport = code === "ERR_UNKNOWN_FILE_EXTENSION" ? await findTsx() : undefined;
    if (tsImport) return tsImport(url, import.meta.url);
    const hint = code === "ERR_UNKNOWN_FILE_EXTENSION" ? " (TypeScript needs the package tsx)" : "";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${file} must load, but ${reason}${hint}`, { cause });
  }
}

type TsImport = (url: string, parent: string) => Promise<Record<string, unknown>>;

/** The project's own tsx, where this version of Node.js doesn't read TypeScript. */
async function findTsx(): Promise<TsImport | undefined> {
  try {
    const require = createRequire(join(process.cwd(), "package.json"));
    const { tsImport } = await import(pathToFileURL(require.resolve("tsx/esm/api")).href);
    return tsImport;
  } catch {
    return undefined;
  }
}

/** Takes every name in `vary` for one that is given, and a viewer for told. */
function guessedOptions(schema: GraphQLSchema, externalTags: readonly string[]): AnyContextOptions {
  const names = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const annotated of [type, ...Object.values(type.getFields())]) {
      for (const name of varyOf(annotated)) names.add(name);
    }
  }
  const vary = Object.fromEntries([...names].map((name) => [name, () => undefined]));
  return { viewer: () => undefined, vary, externalTags };
}

function varyOf(annotated: Parameters<typeof readCached>[0]): readonly string[] {
  try {
    return readCached(annotated, "")?.vary ?? [];
  } catch {
    // What is wrong with it is told when it is checked.
    return [];
  }
}
