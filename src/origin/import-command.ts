import { parseArgs } from "node:util";
import type { Database } from "./database.js";
import { InvalidInputError } from "./errors.js";
import { createImportProgress, type Terminal } from "./import-progress.js";
import { type ImportSummary, importFolder } from "./importer.js";
import { migrate } from "./migrate.js";

export interface ImportCommand {
  /** What stands behind the command's name: `<folder> [--menu-only]`. */
  args: readonly string[];
  /** Opens the database; it is closed at the end. Not called when the arguments are wrong. */
  openDatabase(): Promise<Database>;
  /**
   * Run once the import is committed and before the command ends, with what it changed:
   * the place to evict what a cache holds of it, and to rebuild what is kept of popularity elsewhere.
   */
  afterCommit(summary: ImportSummary, database: Database): Promise<void>;
  terminal: Terminal;
}

/** Imports a folder, and says what it did in one line. */
export async function runImportCommand(command: ImportCommand): Promise<ImportSummary> {
  const { folder, menuOnly } = parsed(command.args);
  const progress = createImportProgress(command.terminal);
  const database = await command.openDatabase();
  try {
    await migrate(database);
    const summary = await importFolder(database, folder, { menuOnly, onProgress: progress.show });
    progress.end();
    await command.afterCommit(summary, database);
    command.terminal.write(`${told(summary)}\n`);
    return summary;
  } finally {
    progress.end();
    await database.close();
  }
}

const USAGE = "usage: npm run import -- <folder> [--menu-only]";

function parsed(args: readonly string[]): { folder: string; menuOnly: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { "menu-only": { type: "boolean", default: false } },
    });
    const [folder, ...more] = positionals;
    if (folder !== undefined && more.length === 0) return { folder, menuOnly: values["menu-only"] };
  } catch (error) {
    throw new InvalidInputError(USAGE, error);
  }
  throw new InvalidInputError(USAGE);
}

function told(summary: ImportSummary): string {
  const { items, sizes, changedItemIds, orders } = summary;
  const menu = `Imported ${items} items with ${sizes} sizes (${changedItemIds.length} items changed)`;
  if (orders === undefined) return `${menu}.`;
  const revenue = `${orders.revenueCents / 100n}.${String(orders.revenueCents % 100n).padStart(2, "0")}`;
  return `${menu}; ${orders.count} orders with ${orders.lines} lines (${orders.added} orders new): ${orders.pizzas} pizzas, revenue ${revenue}.`;
}
