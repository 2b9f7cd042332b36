import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface ServerProcess {
  /** Resolves with the URL of /graphql once it listens; rejects when it ends before. */
  readonly url: Promise<string>;
  /** SIGKILL; resolves when it is gone. `atOnce` runs with the signal. */
  kill(atOnce?: () => void): Promise<void>;
}

export function startServer(env: Record<string, string>): ServerProcess {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), fileURLToPath(new URL("victim.ts", import.meta.url))],
    { env: { PATH, HOME, ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  // A check that ends in the middle must not leave it behind.
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  const exited = once(child, "exit").finally(() => process.off("exit", killOnExit));

  let output = "";
  const url = new Promise<string>((resolve, reject) => {
    const read = (data: Buffer) => {
      output = (output + data.toString()).slice(-4_000);
      const found = /open at (\S+)\n/.exec(output)?.[1];
      if (found) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("close", (code, signal) =>
      reject(
        new Error(
          `The server ended before it listened (code ${code}, signal ${signal}): ${output}`,
        ),
      ),
    );
  });
  url.catch(() => {});
  return {
    url,
    async kill(atOnce) {
      child.kill("SIGKILL");
      atOnce?.();
      await exited;
    },
  };
}
