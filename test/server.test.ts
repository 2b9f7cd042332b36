import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { databaseKinds, freshPlace } from "./support/database.js";
import { freePort } from "./support/free-port.js";
import { startLink } from "./support/link.js";
import { startRedis } from "./support/redis-server.js";

const running = new Set<ServerProcess>();
const folders = new Set<string>();
afterEach(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  await Promise.all([...running].map((server) => server.ended));
  running.clear();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  folders.clear();
});

interface ServerProcess {
  child: ChildProcess;
  /** What it printed so far. */
  output: { stdout: string; stderr: string };
  /** Its exit code. */
  ended: Promise<number | null>;
  /** Resolves with the URL of /graphql, once it listens. */
  url: Promise<string>;
}

function start(
  env: Record<string, string>,
  cwd = process.cwd(),
  file = "src/server.ts",
  args: string[] = [],
): ServerProcess {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), join(process.cwd(), file), ...args],
    { env: { PATH, HOME, PORT: "0", ...env }, cwd, stdio: ["ignore", "pipe", "pipe"] },
  );
  const output = { stdout: "", stderr: "" };
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (data) => {
      output.stdout += data;
      const found = /open at (\S+)/.exec(output.stdout)?.[1];
      if (found) resolve(found);
    });
    child.once("close", () => reject(new Error(`ended: ${output.stderr}`)));
  });
  url.catch(() => {});
  child.stderr.on("data", (data) => {
    output.stderr += data;
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const server = { child, output, ended, url };
  running.add(server);
  return server;
}

/** A folder of the test's own, with the embedded database in `.data/`. */
async function ownFolder(): Promise<string> {
  const place = await freshPlace("pglite");
  const folder = await mkdtemp(join(tmpdir(), "pizzeria-server-"));
  folders.add(folder);
  await rename(place.options.dataFolder!, join(folder, ".data"));
  return folder;
}

/** The credentials a process printed. */
function printedStaff({ output }: ServerProcess) {
  const [, email, password] =
    /^Staff sign in as (\S+) with the password (\S+)/m.exec(output.stdout) ?? [];
  return { email, password };
}

const signIn = ({
  email,
  password,
}: {
  email?: string | undefined;
  password?: string | undefined;
}) =>
  `mutation { signIn(email: "${email}", password: "${password}") { session { customer { name } } } }`;

async function ask(url: string, query: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as Record<string, unknown>;
}

// Each starts real processes, which make a database of their own.
vi.setConfig({ testTimeout: 90_000 });

describe("the server", () => {
  test("serves the menu, and shows made-up staff credentials once, past the log", async () => {
    const folder = await ownFolder();
    const server = start({}, folder);
    const url = await server.url;
    expect(await ask(url, "{ menu { name sizes { size price } } }")).toMatchObject({
      data: { menu: expect.arrayContaining([expect.objectContaining({ name: "Margherita" })]) },
    });
    const staff = printedStaff(server);
    expect(await ask(url, signIn(staff))).not.toHaveProperty("errors");
    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    const logged = server.output.stdout.split("\n").filter((line) => line.startsWith("{"));
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join("")).not.toContain(staff.password);

    const again = start({}, folder);
    await again.url;
    expect(again.output.stdout).not.toContain("Staff sign in");
  });

  test("shows made-up staff credentials though it cannot listen, and frees its data folder", async () => {
    const folder = await ownFolder();
    const occupied = createServer().listen(0, "127.0.0.1");
    await once(occupied, "listening");
    const { port } = occupied.address() as AddressInfo;
    const refused = start({ PORT: String(port) }, folder);
    expect(await refused.ended).toBe(1);
    expect(refused.output.stderr).toMatch(/^PORT and HOST must be free [^\n]*EADDRINUSE[^\n]*\n$/);
    occupied.close();

    const url = await start({}, folder).url;
    expect(await ask(url, signIn(printedStaff(refused)))).not.toHaveProperty("errors");
  });

  test("takes the staff password that a reset made, and no longer the one before", async () => {
    const folder = await ownFolder();
    const before = { email: "chef@example.org", password: "correct horse" };
    const env = { STAFF_EMAIL: before.email, STAFF_PASSWORD: before.password };
    const first = start(env, folder, "src/reset-staff.ts");
    expect(await first.ended).toBe(0);
    expect(first.output.stdout).not.toContain(before.password);
    const second = start({ STAFF_EMAIL: before.email }, folder, "src/reset-staff.ts");
    expect(await second.ended).toBe(0);

    const url = await start(env, folder).url;
    expect(await ask(url, signIn(printedStaff(second)))).not.toHaveProperty("errors");
    expect(await ask(url, signIn(before))).toMatchObject({
      errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
    });
  });

  test("a reset without Redis sets the password, and says in one line that sessions live on", async () => {
    const folder = await ownFolder();
    const url = `redis://:hunter2@127.0.0.1:${await freePort()}`;
    const reset = start({ REDIS_URL: url }, folder, "src/reset-staff.ts");
    expect(await reset.ended).toBe(1);
    expect(reset.output.stderr).toMatch(
      /^The password is changed, but sessions begun with the old one live on: Redis must answer [^\n]*\n$/,
    );
    expect(reset.output.stderr).not.toContain("hunter2");
    const server = start({}, folder);
    expect(await ask(await server.url, signIn(printedStaff(reset)))).not.toHaveProperty("errors");
  });

  test("answers the request in flight and takes no other when it is told to stop", async () => {
    const server = start({}, await ownFolder());
    const url = new URL(await server.url);
    // The body is held back, so that the request is in flight when the signal comes.
    const body = JSON.stringify({ query: "{ menu { id } }" });
    const call = request(url, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": body.length },
    });
    call.flushHeaders();
    call.write(body.slice(0, 5));
    await once(call, "socket");
    await ask(url.href, "{ __typename }");

    server.child.kill("SIGTERM");
    await expect.poll(() => server.output.stdout).toContain("SIGTERM: closing");
    await expect.poll(() => ask(url.href, "{ __typename }").catch(() => "refused")).toBe("refused");
    call.end(body.slice(5));
    const [response] = await once(call, "response");
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe("close");
    response.resume();
    expect(await server.ended).toBe(0);
  });

  test.runIf(databaseKinds.includes("postgres"))(
    "ends within 10 s of the signal though the database fell silent, and says so in one line",
    async () => {
      await using place = await freshPlace("postgres");
      const database = new URL(place.options.url!);
      await using link = await startLink(Number(database.port));
      database.port = String(link.port);
      const server = start({ DATABASE_URL: database.href });
      const url = await server.url;
      link.loseSilently();
      const answer = ask(url, "{ menu { id } }").catch(() => undefined);
      const since = performance.now();
      server.child.kill("SIGTERM");
      expect(await server.ended).toBe(1);
      // Of a machine that is busy with other tests.
      expect(performance.now() - since).toBeLessThan(15_000);
      expect(server.output.stderr).toMatch(/^The close must end within 9\.5 s, but [^\n]+\n$/);
      await answer;
    },
  );

  test("does not start on a data folder that another has open, and says so in one line", async () => {
    const folder = await ownFolder();
    await start({}, folder).url;
    const second = start({}, folder);
    expect(await second.ended).toBe(1);
    expect(second.output.stderr.trim().split("\n")).toHaveLength(1);
    expect(second.output.stderr).toMatch(/\.data/);
  });

  test.each([
    [{ PORT: "http" }, 'PORT must be a whole number from 0 to 65535, but "http" came\n'],
    [
      { NODE_ENV: "production" },
      "METRICS_TOKEN must be set when NODE_ENV is production: it is the bearer token for /metrics\n",
    ],
  ])("does not start with %j, and says why in one line", async (env, line) => {
    const server = start(env);
    expect(await server.ended).toBe(1);
    expect(server.output).toEqual({ stdout: "", stderr: line });
  });

  test.each(["src/server.ts", "src/import.ts", "src/reset-staff.ts"])(
    "%s says in one line that a certificate is not there, and shows no password",
    async (file) => {
      const env = { DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/x?sslrootcert=/none.pem" };
      const ended = start(env, process.cwd(), file, ["folder"]);
      expect(await ended.ended).toBe(1);
      expect(ended.output).toEqual({
        stdout: "",
        stderr:
          "DATABASE_URL must be usable as it is, with each file that it names, but: ENOENT: no such file or directory, open '/none.pem'.\n",
      });
    },
  );

  test("does not start on a Redis without the database it is to use, and says why in one line", async () => {
    await using redis = await startRedis({ args: ["--databases", "4"] });
    const server = start({ REDIS_URL: `${redis.url}/4`, DATABASE_URL: "memory:" });
    expect(await server.ended).toBe(1);
    expect(server.output.stderr).toMatch(
      /^REDIS_URL must name a database [^\n]*, but it refused number 4 [^\n]*\n$/,
    );
    expect(await redis.client().dbsize()).toBe(0);
  });

  test("does not start without its database, and says why in one line without the password", async () => {
    const port = await freePort();
    const server = start({ DATABASE_URL: `postgres://u:hunter2@127.0.0.1:${port}/none` });
    expect(await server.ended).toBe(1);
    expect(server.output.stderr).toMatch(/^The database server must answer: [^\n]*\n$/);
    expect(server.output.stderr).not.toContain("hunter2");
  });
});
