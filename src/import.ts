import { afterImport } from "./after-import.js";
import { readConfig } from "./config.js";
import { recordChange } from "./evictions.js";
import { createLogger } from "./http/logger.js";
import { explainStartError } from "./http/start-errors.js";
import { openDatabase } from "./origin/database.js";
import { runImportCommand } from "./origin/import-command.js";

/** `npm run import -- <folder> [--menu-only]`: loads a folder of sales into the origin that DATABASE_URL names. */
try {
  const config = readConfig(process.env);
  const log = createLogger(config.environment);
  await runImportCommand({
    args: process.argv.slice(2),
    openDatabase: () =>
      openDatabase({
        url: config.databaseUrl,
        dataFolder: config.dataFolder,
        onChange: recordChange,
      }),
    afterCommit: (_summary, database) => afterImport({ config, log, database }),
    terminal: process.stdout,
  });
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  process.exitCode = 1;
}
