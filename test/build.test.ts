import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scripts } from "../src/cache/redis/scripts.js";

const root = new URL("../", import.meta.url).pathname;
let folder: string;
let built: string;
let files: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "build-"));
  built = join(folder, "dist");
  await mkdir(built);
  await writeFile(join(built, "of-a-build-before.js"), "");
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await promisify(execFile)(process.execPath, ["scripts/build.js", built], { cwd: root });
  files = await readdir(built, { recursive: true });
}, 180_000);
afterAll(() => rm(folder, { recursive: true }));

describe("the built library", () => {
  test("holds nothing of a build before", () => {
    expect(files).toContain("index.js");
    expect(files).not.toContain("of-a-build-before.js");
  });

  test("needs no file but its modules, since bundlers take no others along", async () => {
    expect(files.filter((name) => /\.\w+$/.test(name) && !/\.(js|d\.ts|map)$/.test(name))).toEqual(
      [],
    );
    const module = pathToFileURL(join(built, "cache/redis/scripts.js")).href;
    expect((await import(module)).scripts).toEqual(scripts);
  });

  test("has maps that lead somewhere without the sources, which the package leaves out", async () => {
    const maps = files.filter((name) => name.endsWith(".map"));
    expect(maps).toContain("index.js.map");
    for (const name of maps) {
      const { sources, sourcesContent } = JSON.parse(await readFile(join(built, name), "utf8"));
      expect(sourcesContent, name).toHaveLength(sources.length);
      const described = await readFile(join(built, name.slice(0, -".map".length)), "utf8");
      expect(described).toContain(`//# sourceMappingURL=${basename(name)}`);
    }
  });
});
