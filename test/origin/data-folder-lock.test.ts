import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDataFolder } from "../../src/origin/data-folder-lock.js";
import { DataFolderLockedError } from "../../src/origin/errors.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pizzeria-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ignoreLoss = () => {};

async function otherProcess() {
  const script = fileURLToPath(new URL("hold-data-folder.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return {
    pid: child.pid,
    end: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await once(child, "exit");
    },
  };
}

test("a folder another process holds is refused at once, in one line that names the process", async () => {
  const holder = await otherProcess();
  try {
    const refusal = await lockDataFolder(folder, ignoreLoss).catch((error) => error);
    expect(refusal).toBeInstanceOf(DataFolderLockedError);
    expect(refusal.code).toBe("E_DATA_FOLDER_LOCKED");
    expect(refusal.message).toContain(`process ${holder.pid} on `);
    expect(refusal.message).not.toContain("\n");
  } finally {
    await holder.end("SIGKILL");
  }
});

test("the lock of a killed process is taken over", async () => {
  await (await otherProcess()).end("SIGKILL");
  const lock = await lockDataFolder(folder, ignoreLoss);
  expect(() => lock.check()).not.toThrow();
  await lock.release();
});

test("a released folder can be locked again, and a held one not, by the same process", async () => {
  const first = await lockDataFolder(folder, ignoreLoss);
  await expect(lockDataFolder(folder, ignoreLoss)).rejects.toThrow(DataFolderLockedError);
  await first.release();
  const second = await lockDataFolder(folder, ignoreLoss);
  await second.release();
});

test("a process with the dead owner's id is not taken for it: in containers all have the same", async () => {
  await (await otherProcess()).end("SIGKILL");
  const owner = { pid: process.pid, host: hostname() };
  await writeFile(join(folder, "owner.json"), JSON.stringify(owner));
  await (await lockDataFolder(folder, ignoreLoss)).release();
});

test("whoever lost its lock is told, and finds every check refused", async () => {
  const told: DataFolderLockedError[] = [];
  const lock = await lockDataFolder(folder, (error) => told.push(error));
  await rm(join(folder, "lock"), { recursive: true });
  await expect.poll(() => told, { timeout: 5_000 }).toHaveLength(1);
  expect(() => lock.check()).toThrow(DataFolderLockedError);
  await lock.release();
});
