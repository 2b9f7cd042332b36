import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { readConfig } from "./config.js";
import { explainStartError } from "./http/start-errors.js";
import { openDatabase } from "./origin/database.js";
import { InvalidInputError } from "./origin/errors.js";
import { readOptions } from "./replay/options.js";
import { replay } from "./replay/replay.js";
import { isGood, reportText } from "./replay/report.js";
import { reportPage } from "./replay/report-page.js";
import { startServers } from "./replay/servers.js";

const NEEDS =
  "A replay needs what its servers share: DATABASE_URL must be postgres://…, and REDIS_URL must be set for more than one server.";

/** `npm run replay -- <folder>`: plays a folder's orders against servers, and checks every answer. */
try {
  const options = readOptions(process.argv.slice(2));
  const staff = staffFor(options.urls);
  const env = { ...process.env, ...staff };
  const config = readConfig(env);
  const shares =
    config.redisUrl !== undefined || Math.max(options.servers, options.urls.length) === 1;
  if (!config.databaseUrl?.startsWith("postgres") || !shares) throw new InvalidInputError(NEEDS);
  await using servers =
    options.urls.length > 0
      ? { urls: options.urls, [Symbol.asyncDispose]: async () => {} }
      : await startServers(options.servers, env);
  const database = await openDatabase({ url: config.databaseUrl });
  try {
    const report = await replay(options, {
      database,
      urls: servers.urls,
      staff: { email: staff.STAFF_EMAIL, password: staff.STAFF_PASSWORD },
      metricsToken: config.metricsToken,
      terminal: process.stdout,
    });
    await writeFile(options.page, reportPage(report));
    process.stdout.write(`\n${reportText(report)}\n\nAs a page: ${options.page}\n`);
    if (!isGood(report)) process.exitCode = 1;
  } finally {
    await database.close();
  }
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  process.exitCode = 2;
}

/** An account of its own where nothing is set, which only servers started for it can make. */
function staffFor(urls: readonly string[]): { STAFF_EMAIL: string; STAFF_PASSWORD: string } {
  const { STAFF_EMAIL, STAFF_PASSWORD } = process.env;
  if (STAFF_EMAIL && STAFF_PASSWORD) return { STAFF_EMAIL, STAFF_PASSWORD };
  if (urls.length > 0) {
    throw new InvalidInputError(
      "STAFF_EMAIL and STAFF_PASSWORD must be those of the servers that run already.",
    );
  }
  return {
    STAFF_EMAIL: `replay-${randomUUID()}@pizzeria.example`,
    STAFF_PASSWORD: randomUUID(),
  };
}
