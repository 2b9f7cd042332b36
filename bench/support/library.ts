import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What the programs use of the library. */
export type Library = Pick<typeof import("../../src/index.js"), "createCache" | "cacheDirectives">;

const root = new URL("../../", import.meta.url);
const built = new URL("../dist/", import.meta.url);

/**
 * Builds the library as it is published, and is called once, before any worker starts. Run from its sources, every
 * closure would pay for a name that the development runner gives it, and a published library doesn't.
 */
export async function buildLibrary(): Promise<void> {
  const args = ["scripts/build.js", fileURLToPath(built)];
  await promisify(execFile)(process.execPath, args, { cwd: root });
}

export async function library(): Promise<Library> {
  return (await import(new URL("index.js", built).href)) as Library;
}
