import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Pizzerias in processes of their own, on ports that the system chose. */
export interface Servers extends AsyncDisposable {
  readonly urls: readonly string[];
}

export class ServerStartError extends Error {
  override readonly name = "ServerStartError";
  readonly code = "E_REPLAY_SERVER";
}

const SERVER = fileURLToPath(new URL("../server.ts", import.meta.url));
const OPEN = /^The pizzeria is open at (\S+)$/;

/** One after another: the first brings the database up to date. */
export async function startServers(count: number, env: NodeJS.ProcessEnv): Promise<Servers> {
  const children: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill("SIGTERM");
        await once(child, "exit");
      }),
    );
  };
  try {
    const urls: string[] = [];
    for (let started = 0; started < count; started += 1) {
      // The loader that runs this TypeScript runs the server's too.
      const child = spawn(process.execPath, [...process.execArgv, SERVER], {
        // As in tests it logs no request, which would cost more than to answer it.
        env: { ...env, PORT: "0", NODE_ENV: "test" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      children.push(child);
      urls.push(await opened(child));
    }
    return { urls, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function opened(child: ChildProcess): Promise<string> {
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk).slice(-2000);
  });
  const lines = createInterface({ input: child.stdout! });
  const ended = once(child, "exit").then(() => {
    throw new ServerStartError(`A server must start, but said: ${complaint.trim()}`);
  });
  const open = new Promise<string>((resolve) => {
    lines.on("line", (line) => {
      const url = OPEN.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  ended.catch(() => {});
  return await Promise.race([open, ended]);
}
