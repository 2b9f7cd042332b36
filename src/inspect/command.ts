import { parseArgs } from "node:util";
import { UsageError } from "./errors.js";
import { formats } from "./formats.js";
import { inspectSchema } from "./inspect-schema.js";
import { loadSchema } from "./load-schema.js";

export interface Terminal {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const USAGE = `Usage: graphql-cached inspect <schema> [--format table|mermaid|json] [--external-tag <template>]

Prints what a schema caches and what evicts it. <schema> is one or more .graphql files or folders, or a module that
exports a GraphQLSchema as "schema" or by default.

  --format        table (the default), mermaid or json
  --external-tag  the template of a tag that is filed or evicted outside the schema; may be given more than once
`;

/** Runs the command line's arguments; its exit code: 1 where the schema contradicts itself, or cannot be loaded. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.help) {
      terminal.stdout.write(USAGE);
      return 0;
    }
    const [command, ...paths] = positionals;
    if (command !== "inspect")
      throw misuse(`The command must be inspect, but is ${command ?? "missing"}.`);
    if (paths.length === 0) throw misuse("A schema must be named.");
    const format = Object.hasOwn(formats, values.format) ? formats[values.format] : undefined;
    if (!format) {
      throw misuse(`--format must be ${Object.keys(formats).join(", ")}, but is ${values.format}.`);
    }
    const inspection = inspectSchema(await loadSchema(paths, values["external-tag"]));
    terminal.stdout.write(`${format(inspection)}\n`);
    for (const { message } of inspection.warnings) terminal.stderr.write(`warning: ${message}\n`);
    for (const { message } of inspection.errors) terminal.stderr.write(`error: ${message}\n`);
    return inspection.errors.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.stderr.write(`${error.message}\n`);
    return 1;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        format: { type: "string", default: "table" },
        "external-tag": { type: "string", multiple: true, default: [] },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (cause) {
    throw misuse(cause instanceof Error ? cause.message : String(cause));
  }
}

function misuse(text: string): UsageError {
  return new UsageError(`${text}\n\n${USAGE}`);
}
