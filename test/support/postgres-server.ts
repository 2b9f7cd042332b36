import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** The URL of one of its databases; "postgres" is always there. */
  url(database?: string): string;
  /** Runs one statement as superuser, on a connection of its own. */
  run(sql: string): Promise<void>;
  /** Stops it as a crash would; clients find their connections cut. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Where `postgres` and `initdb` are: PATH first, then the newest of where Debian puts them. undefined when not installed. */
export function findPostgres(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.sort((a, b) => Number(b) - Number(a)).map((v) => join(debian, v, "bin")),
  ];
  return folders.find(
    (folder) => existsSync(join(folder, "postgres")) && existsSync(join(folder, "initdb")),
  );
}

/** Starts a private server on a free port of 127.0.0.1, with its data in a new temporary folder. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = findPostgres();
  if (bin === undefined) throw new Error("postgres must be installed; it is not on PATH.");
  const user = unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), "pizzeria-postgres-"));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  await promisify(execFile)(
    join(bin, "initdb"),
    ["-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...user, cwd: folder },
  );

  const port = await freePort();
  const url = (database = "postgres") => `postgres://postgres@127.0.0.1:${port}/${database}`;
  let server = await launch();

  async function launch(): Promise<ChildProcess> {
    const options = ["fsync=off", "full_page_writes=off", "unix_socket_directories="];
    const child = spawn(
      "sh",
      // The pipe closes when this process ends, however it ends; then the server must go as well.
      ["-c", '"$@" & read -r _; kill -QUIT $!; wait', "sh", join(bin as string, "postgres")].concat(
        ["-D", folder, "-h", "127.0.0.1", "-p", String(port)],
        options.flatMap((option) => ["-c", option]),
      ),
      { ...user, cwd: folder, stdio: ["pipe", "ignore", "pipe"] },
    );
    let log = "";
    child.stderr?.on("data", (text) => {
      log += text;
    });
    for (let attempt = 0; ; attempt++) {
      try {
        await runOn(url(), "SELECT 1");
        return child;
      } catch (error) {
        if (attempt < 200) await delay(50);
        else throw new Error(`The PostgreSQL server did not start: ${log}`, { cause: error });
      }
    }
  }

  async function kill(): Promise<void> {
    if (server.exitCode !== null) return;
    const exited = once(server, "exit");
    server.stdin?.end();
    await exited;
  }

  async function stop(): Promise<void> {
    await kill();
    await rm(folder, { recursive: true, force: true });
  }

  return {
    port,
    url,
    run: (sql) => runOn(url(), sql),
    kill,
    restart: async () => {
      await kill();
      server = await launch();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function runOn(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The server refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (flag: string) =>
        Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // No such user here: try the next.
    }
  }
  throw new Error("To run as root, the tests need a user named postgres or nobody.");
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (typeof address !== "object" || address === null) throw new Error("No port was free.");
  return address.port;
}
