import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const installer = fileURLToPath(new URL("../../scripts/ensure-redis.sh", import.meta.url));
const names = ["redis-server", "valkey-server"];

let known: Promise<string> | undefined;

/** Path of redis-server or valkey-server: from PATH, else installed. Rejects when there is none: tests never skip it. */
export function redisBinary(): Promise<string> {
  known ??= find();
  return known;
}

async function find(): Promise<string> {
  const path = await onPath();
  if (path !== undefined) return path;
  try {
    await promisify(execFile)("sh", [installer], { timeout: 300_000 });
  } catch (cause) {
    const text = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new Error(`The tests need a real redis-server on PATH, and none is there. ${text}`);
  }
  const installed = await onPath();
  if (installed === undefined) throw new Error("No redis-server on PATH after installing one.");
  return installed;
}

async function onPath(): Promise<string | undefined> {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      const usable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (usable) return path;
    }
  }
  return undefined;
}
