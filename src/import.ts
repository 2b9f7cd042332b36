import { openDatabase } from "./origin/database.js";
import { OriginError } from "./origin/errors.js";
import { runImportCommand } from "./origin/import-command.js";

/** `npm run import -- <folder> [--menu-only]`: loads a folder of sales into the origin that DATABASE_URL names. */
try {
  await runImportCommand({
    args: process.argv.slice(2),
    openDatabase: () => openDatabase({ url: process.env.DATABASE_URL || undefined }),
    afterCommit: async () => {},
    terminal: process.stdout,
  });
} catch (error) {
  const expected = error instanceof OriginError;
  process.stderr.write(`${expected ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
