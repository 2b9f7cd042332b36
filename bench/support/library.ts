import { execFile } from "node:child_process";
import { access, cp } from "node:fs/promises";
import { promisify } from "node:util";

/** What the programs use of the library. */
export type Library = Pick<typeof import("../../src/index.js"), "createCache" | "cacheDirectives">;

const root = new URL("../../", import.meta.url);
const built = new URL("../dist/", import.meta.url);
const entry = new URL("index.js", built);
const scripts = "cache/redis/scripts";

/**
 * Compiles the library as it is published, and is called once, before any worker starts. Run from its sources, every
 * closure would pay for a name that the development runner gives it, and a published library doesn't.
 */
export async function buildLibrary(): Promise<void> {
  const compiler = new URL("node_modules/typescript/bin/tsc", root).pathname;
  const project = new URL("tsconfig.build.json", root).pathname;
  const code = ["--declaration", "false", "--sourceMap", "false", "--inlineSources", "false"];
  const args = [compiler, "-p", project, "--outDir", built.pathname, ...code];
  try {
    await promisify(execFile)(process.execPath, args, { cwd: root });
  } catch (cause) {
    // A complaint about types leaves runnable code; without any there is nothing to measure.
    await access(entry).catch(() => {
      throw new Error("The library must compile, but does not.", { cause });
    });
    console.warn("The library was compiled with complaints: npm run check:types tells them.");
  }
  await cp(new URL(`src/${scripts}`, root), new URL(scripts, built), { recursive: true });
}

export async function library(): Promise<Library> {
  return (await import(entry.href)) as Library;
}
