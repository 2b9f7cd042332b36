import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { explainStartError } from "../../src/http/start-errors.js";
import { openDatabase } from "../../src/origin/database.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pizzeria-unusable-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["is a file", "data", "EEXIST"],
  ["lies in a file", "data/within", "ENOTDIR"],
  ["holds a file where the database should be", ".", "the embedded database cannot open it"],
])("a data folder that %s is refused in one line that names it", async (_, path, reason) => {
  await writeFile(join(folder, "data"), "no folder");
  await writeFile(join(folder, "pglite"), "no database");
  const dataFolder = join(folder, path);
  const refusal = await openDatabase({ dataFolder }).catch((error) => error);
  expect(refusal).toMatchObject({ code: "E_DATA_FOLDER_UNUSABLE" });
  expect(explainStartError(refusal)).toMatch(/^The data folder [^\n]+$/);
  expect(explainStartError(refusal)).toContain(`${dataFolder} must be`);
  expect(explainStartError(refusal)).toContain(reason);
});

test("a data folder that was refused is free for others", async () => {
  await writeFile(join(folder, "pglite"), "no database");
  await expect(openDatabase({ dataFolder: folder })).rejects.toThrow(folder);
  await rm(join(folder, "pglite"));
  await mkdir(join(folder, "pglite"));
  const database = await openDatabase({ dataFolder: folder });
  await database.ping();
  await database.close();
});
