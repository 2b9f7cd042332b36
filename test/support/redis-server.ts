import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis, type RedisOptions } from "ioredis";
import { freePort } from "./free-port.js";
import { redisBinary } from "./redis-binary.js";

/** A real server of the test's own, on 127.0.0.1, in a folder of its own. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly dir: string;
  /** Of the running process. Throws when none runs. */
  readonly pid: number;
  /** A new client, with a silent "error" handler, disconnected by `stop`. */
  client(options?: ClientOptions): Redis;
  /** SIGKILL; resolves when the process is gone. `restart` brings it back. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Ends the process if it runs (SIGTERM, so persistence is written) and starts it on the same port and folder. */
  restart(): Promise<void>;
  /** Disconnects the clients, ends the process and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

export type ClientOptions = Omit<RedisOptions, "replyMapping">;

export interface RedisServerOptions {
  /** More arguments, as `["--maxmemory", "10mb"]`. Persistence is off unless they turn it on. */
  args?: string[];
  /** Default: a free one. */
  port?: number;
  /** Lines of a configuration file, which the server may write to: a sentinel must have one. Default: no file. */
  config?: string;
}

const startTimeoutMs = 20_000;

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = await redisBinary();
  const dir = await mkdtemp(join(tmpdir(), "redis-"));
  const clients = new Set<Redis>();
  const configFile = options.config === undefined ? [] : [join(dir, "redis.conf")];
  for (const path of configFile) await writeFile(path, options.config ?? "");
  const start = (port: number) => {
    const args = [...configFile, ...baseArgs(port, dir), ...(options.args ?? [])];
    return startProcess(binary, args, port);
  };
  let { port, child } = await startOnPort(start, options.port).catch(async (error) => {
    await rm(dir, { recursive: true, force: true });
    throw error;
  });

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (hasExited(child)) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async function stop(): Promise<void> {
    for (const client of clients) client.disconnect();
    clients.clear();
    await end("SIGKILL");
    await rm(dir, { recursive: true, force: true });
  }

  return {
    port,
    dir,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      if (child.pid === undefined || hasExited(child))
        throw new Error("The server is not running.");
      return child.pid;
    },
    client(clientOptions = {}) {
      const client = new Redis({ host: "127.0.0.1", port, ...clientOptions });
      client.on("error", () => {});
      clients.add(client);
      return client;
    },
    kill: () => end("SIGKILL"),
    pause() {
      child.kill("SIGSTOP");
    },
    resume() {
      child.kill("SIGCONT");
    },
    async restart() {
      child.kill("SIGCONT");
      await end("SIGTERM");
      child = await start(port);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function baseArgs(port: number, dir: string): string[] {
  const persistence = ["--save", "", "--appendonly", "no"];
  return [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    dir,
    "--daemonize",
    "no",
    ...persistence,
  ];
}

type Start = (port: number) => Promise<ChildProcess>;

async function startOnPort(
  start: Start,
  wanted?: number,
): Promise<{ port: number; child: ChildProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted ?? (await freePort());
    try {
      return { port, child: await start(port) };
    } catch (error) {
      // Somebody else may have taken the port between asking for it and binding it.
      if (wanted !== undefined || attempt === 5) throw error;
    }
  }
}

async function startProcess(binary: string, args: string[], port: number): Promise<ChildProcess> {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  // A test process that ends in the middle must not leave its server behind.
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  child.once("exit", () => process.off("exit", killOnExit));

  const deadline = Date.now() + startTimeoutMs;
  while (!(await answersPing(port))) {
    if (hasExited(child))
      throw new Error(`${binary} on port ${port} ended at once: ${output.trim()}`);
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(
        `${binary} on port ${port} gave no answer in ${startTimeoutMs} ms: ${output.trim()}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // Another process's server may be what answered on the port.
  if (hasExited(child))
    throw new Error(`${binary} on port ${port} ended at once: ${output.trim()}`);
  return child;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(500, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("connect", () => socket.write("PING\r\n"));
    // A server with a password is up as well; one still loading its data is not.
    socket.once("data", (data) => finish(/^(\+PONG|-NOAUTH|-NOPERM)/.test(data.toString())));
  });
}
