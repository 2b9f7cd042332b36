import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";

/** What may import what: an area is a folder of src or a file beside them, and uses its own layer and those named. */
interface Layer {
  areas: string[];
  uses: string[];
}

const library: Record<string, Layer> = {
  // Where a cluster has a key, which both have to know that talk to one.
  keySlot: { areas: ["key-slot.ts"], uses: [] },
  cache: { areas: ["cache"], uses: ["keySlot"] },
  storage: { areas: ["storage"], uses: ["keySlot"] },
  directives: { areas: ["directives"], uses: ["cache"] },
  apollo: { areas: ["apollo"], uses: ["directives", "cache"] },
  inspect: { areas: ["inspect"], uses: ["directives", "cache"] },
  testing: { areas: ["testing"], uses: ["directives", "cache"] },
  outbox: { areas: ["outbox"], uses: ["cache"] },
  frontDoor: { areas: ["index.ts"], uses: ["cache", "directives"] },
};

const pizzeria: Record<string, Layer> = {
  settings: { areas: ["config.ts", "redis.ts", "redis-url.ts"], uses: [] },
  // How to listen to PostgreSQL is the library's; what is recorded there, the origin does not know.
  origin: { areas: ["origin"], uses: ["outbox"] },
  services: { areas: ["services"], uses: ["origin", "storage"] },
  // Resolvers know no cache: what they see of it is a port on their context.
  schema: { areas: ["schema", "context.ts", "caller.ts"], uses: ["services", "origin"] },
  http: { areas: ["http"], uses: ["schema", "settings"] },
  app: {
    areas: [
      "app.ts",
      "graphql.ts",
      "backends.ts",
      "staff.ts",
      "after-import.ts",
      "evictions.ts",
      "kept-preferences.ts",
    ],
    uses: ["http", "schema", "services", "origin", "settings", ...Object.keys(library)],
  },
  // A client of the API, which knows the origin to check its answers and nothing of the server.
  replay: { areas: ["replay"], uses: ["origin"] },
  commands: {
    areas: ["server.ts", "import.ts", "reset-staff.ts", "replay.ts"],
    uses: ["app", "http", "replay", "services", "origin", "settings"],
  },
};

const layers: Record<string, Layer> = { ...library, ...pizzeria };

/** Who may name the client of Redis. */
const knowsRedis = /^src\/(cache\/redis\/|storage\/|redis\.ts$)/;

/** Optional peers, and which part of the library cannot do without them at run time. Types of them may stand anywhere. */
const neededPeers: Record<string, string[]> = {
  graphql: ["directives", "testing", "inspect"],
  "@apollo/server": [],
  ioredis: [],
};

interface Import {
  /** As `src/cache/cache.ts`. */
  from: string;
  /** Another file of src, in the same form, or the name of a package. */
  to: string;
  /** Gone when compiled. */
  typeOnly: boolean;
}

interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/** Imports stand at the beginning of a line, as the formatter leaves them. */
const statement = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const call = /\bimport\(\s*["']([^"']+)["']/g;

const root = new URL("../", import.meta.url).pathname;
const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((name) => posix.join("src", name.replaceAll("\\", "/")))
  .filter((name) => name.endsWith(".ts"));
const imports = files.flatMap((file) => importsIn(file, readFileSync(join(root, file), "utf8")));

describe("the source", () => {
  test("has a layer for every file", () => {
    expect(files.filter((file) => layerOf(file) === undefined)).toEqual([]);
  });

  test("imports downwards alone: server, app, schema, services, origin and storage; directives, cache", () => {
    expect(imports.flatMap(layerProblem)).toEqual([]);
  });

  test("names the client of Redis in the cache's and the storage's backends and in redis.ts alone", () => {
    expect(imports.flatMap(redisProblem)).toEqual([]);
  });

  test("lets the outbox know of the cache what it is, what it throws and which tags it takes, alone", () => {
    expect(imports.flatMap(outboxProblem)).toEqual([]);
  });

  test("lets the engine and the outbox know no GraphQL", () => {
    expect(imports.flatMap(graphqlProblem)).toEqual([]);
  });

  test("gives the library no package that its users would not have", () => {
    expect(imports.flatMap((one) => packageProblem(one, manifest))).toEqual([]);
  });

  test("has no circle that is left at run time", () => {
    expect(circlesIn(imports)).toEqual([]);
  });

  test("was read: rules over nothing would hold", () => {
    expect(files).toContain("src/cache/cache.ts");
    const has = (from: string, to: string, typeOnly: boolean) =>
      expect(imports).toContainEqual({ from, to, typeOnly });
    has("src/cache/open-store.ts", "src/cache/redis/redis-store.ts", false);
    has("src/cache/redis/client.ts", "ioredis", true);
    has("src/cache/codec.ts", "msgpackr", false);
    expect(imports.length).toBeGreaterThan(files.length);
  });
});

describe("an import is read", () => {
  const read = (text: string) => importsIn("src/cache/redis/a.ts", text);

  test.each<[string, string, boolean]>([
    ['import { a } from "./b.js";', "src/cache/redis/b.ts", false],
    ['import {\n  a,\n  type B,\n} from "../b.js";', "src/cache/b.ts", false],
    ["import a, * as b from 'pkg/sub';", "pkg", false],
    ['import "@scope/pkg/sub";', "@scope/pkg", false],
    ['import type { A } from "../../b.js";', "src/b.ts", true],
    // The compiler leaves an import of nothing in its place.
    ['import { type A } from "pkg";', "pkg", false],
    ['export * from "./b.js";', "src/cache/redis/b.ts", false],
    ['export { a } from "./b.js";', "src/cache/redis/b.ts", false],
    ['export type { A } from "./b.js";', "src/cache/redis/b.ts", true],
    ['const a = await import("./b.js");', "src/cache/redis/b.ts", false],
  ])("from %j", (text, to, typeOnly) => {
    expect(read(text)).toEqual([{ from: "src/cache/redis/a.ts", to, typeOnly }]);
  });

  test("and what only looks like one is not", () => {
    expect(read('import { a } from "node:fs";')).toEqual([]);
    expect(read(' * import { a } from "pkg";')).toEqual([]);
    expect(read('// import { a } from "pkg";')).toEqual([]);
    expect(read('export const from = "pkg";\nexport type From = "pkg";')).toEqual([]);
  });

  test("each of several in one file", () => {
    const text = 'import { a } from "one";\nimport type { B } from "two";\nexport * from "three";';
    expect(read(text).map(({ to }) => to)).toEqual(["one", "two", "three"]);
  });
});

describe("a rule that is broken is told", () => {
  const made = (from: string, to: string, typeOnly = false): Import => ({ from, to, typeOnly });

  test.each<[string, string]>([
    ["src/cache/a.ts", "src/directives/b.ts"],
    ["src/cache/a.ts", "src/storage/b.ts"],
    ["src/cache/a.ts", "src/outbox/b.ts"],
    ["src/directives/a.ts", "src/outbox/b.ts"],
    ["src/outbox/a.ts", "src/origin/b.ts"],
    ["src/outbox/a.ts", "src/directives/b.ts"],
    ["src/services/a.ts", "src/outbox/b.ts"],
    ["src/cache/a.ts", "src/config.ts"],
    ["src/directives/a.ts", "src/apollo/b.ts"],
    ["src/directives/a.ts", "src/schema/b.ts"],
    ["src/storage/a.ts", "src/cache/b.ts"],
    ["src/storage/a.ts", "src/redis.ts"],
    ["src/apollo/a.ts", "src/graphql.ts"],
    ["src/directives/a.ts", "src/testing/b.ts"],
    ["src/testing/a.ts", "src/schema/b.ts"],
    ["src/inspect/a.ts", "src/testing/b.ts"],
    ["src/index.ts", "src/origin/b.ts"],
    ["src/schema/a.ts", "src/cache/b.ts"],
    ["src/schema/a.ts", "src/directives/b.ts"],
    ["src/schema/a.ts", "src/storage/b.ts"],
    ["src/context.ts", "src/cache/types.ts"],
    ["src/origin/a.ts", "src/services/b.ts"],
    ["src/origin/a.ts", "src/cache/b.ts"],
    ["src/services/a.ts", "src/schema/b.ts"],
    ["src/services/a.ts", "src/cache/b.ts"],
    ["src/http/a.ts", "src/app.ts"],
    ["src/app.ts", "src/server.ts"],
    ["src/server.ts", "src/cache/b.ts"],
  ])("%s imports %s", (from, to) => {
    for (const typeOnly of [true, false]) {
      expect(layerProblem(made(from, to, typeOnly))).toEqual([`${from} must not import ${to}`]);
    }
  });

  test.each<[string, string]>([
    ["src/directives/a.ts", "src/cache/b.ts"],
    ["src/apollo/a.ts", "src/directives/b.ts"],
    ["src/schema/a.ts", "src/origin/b.ts"],
    ["src/services/a.ts", "src/storage/b.ts"],
    ["src/app.ts", "src/cache/index.ts"],
    ["src/outbox/a.ts", "src/cache/types.ts"],
    ["src/origin/a.ts", "src/outbox/index.ts"],
    ["src/server.ts", "src/app.ts"],
    ["src/cache/a.ts", "src/cache/redis/b.ts"],
  ])("and %s may import %s", (from, to) => {
    expect(layerProblem(made(from, to))).toEqual([]);
  });

  test("a file of no layer", () => {
    expect(layerOf("src/stray.ts")).toBeUndefined();
    expect(layerProblem(made("src/stray.ts", "src/cache/b.ts"))).not.toEqual([]);
    expect(layerProblem(made("src/app.ts", "src/stray/b.ts"))).not.toEqual([]);
  });

  test("ioredis anywhere else, its types included", () => {
    for (const from of [
      "src/cache/cache.ts",
      "src/directives/a.ts",
      "src/app.ts",
      "src/redis-url.ts",
    ]) {
      expect(redisProblem(made(from, "ioredis", true)), from).toHaveLength(1);
    }
    for (const from of ["src/cache/redis/a.ts", "src/storage/redis/a.ts", "src/redis.ts"]) {
      expect(redisProblem(made(from, "ioredis")), from).toEqual([]);
    }
  });

  test("more of the engine in the outbox", () => {
    for (const to of ["src/cache/cache.ts", "src/cache/index.ts", "src/cache/redis/client.ts"]) {
      expect(outboxProblem(made("src/outbox/a.ts", to)), to).toHaveLength(1);
    }
    expect(outboxProblem(made("src/outbox/a.ts", "src/cache/errors.ts"))).toEqual([]);
    expect(outboxProblem(made("src/app.ts", "src/cache/cache.ts"))).toEqual([]);
  });

  test("GraphQL in the engine, its types included", () => {
    for (const to of ["graphql", "@apollo/server", "@graphql-tools/utils"]) {
      expect(graphqlProblem(made("src/cache/a.ts", to, true)), to).toHaveLength(1);
      expect(graphqlProblem(made("src/outbox/a.ts", to, true)), to).toHaveLength(1);
      expect(graphqlProblem(made("src/directives/a.ts", to)), to).toEqual([]);
    }
  });

  test("a package that users of the library may lack", () => {
    const declared: Manifest = {
      dependencies: { msgpackr: "1" },
      peerDependencies: { graphql: "1", ioredis: "1" },
    };
    const problems = (from: string, to: string, typeOnly = false) =>
      packageProblem(made(from, to, typeOnly), declared);
    expect(problems("src/cache/a.ts", "msgpackr")).toEqual([]);
    expect(problems("src/cache/a.ts", "dataloader")).toHaveLength(1);
    expect(problems("src/outbox/a.ts", "pg", true)).toHaveLength(1);
    expect(problems("src/cache/a.ts", "dataloader", true)).toHaveLength(1);
    expect(problems("src/cache/redis/a.ts", "ioredis", true)).toEqual([]);
    expect(problems("src/cache/redis/a.ts", "ioredis")).toHaveLength(1);
    expect(problems("src/directives/a.ts", "graphql")).toEqual([]);
    expect(problems("src/apollo/a.ts", "graphql")).toHaveLength(1);
    expect(problems("src/apollo/a.ts", "@apollo/server", true)).toHaveLength(1);
    // The pizzeria has its own.
    expect(problems("src/app.ts", "fastify")).toEqual([]);
  });

  test("a circle, by its members; one of types alone is none", () => {
    const [a, b, c] = ["src/a.ts", "src/b.ts", "src/c.ts"] as const;
    expect(circlesIn([made(a, b), made(b, c), made(a, c)])).toEqual([]);
    expect(circlesIn([made(a, b), made(b, c), made(c, a)])).toEqual([`${a} > ${b} > ${c} > ${a}`]);
    expect(circlesIn([made(c, b), made(b, b)])).toEqual([`${b} > ${b}`]);
    expect(circlesIn([made(a, b), made(b, a, true)])).toEqual([]);
  });
});

// --- Rules

function layerOf(file: string): string | undefined {
  const area = file.split("/")[1] as string;
  return Object.keys(layers).find((name) => layers[name]?.areas.includes(area));
}

function layerProblem({ from, to }: Import): string[] {
  if (!to.startsWith("src/")) return [];
  const [own, other] = [layerOf(from), layerOf(to)];
  const mayUse = own !== undefined && other !== undefined && layers[own]?.uses.includes(other);
  return mayUse || (own !== undefined && own === other) ? [] : [`${from} must not import ${to}`];
}

function redisProblem({ from, to }: Import): string[] {
  return to === "ioredis" && !knowsRedis.test(from) ? [`${from} must not know ioredis`] : [];
}

function graphqlProblem({ from, to }: Import): string[] {
  const isGraphql = /^(graphql|@apollo\/|@graphql-tools\/)/.test(to);
  const layer = layerOf(from);
  return isGraphql && (layer === "cache" || layer === "outbox")
    ? [`${from} must not know ${to}`]
    : [];
}

function outboxProblem({ from, to }: Import): string[] {
  const isMore =
    to.startsWith("src/cache/") && !/^src\/cache\/(types|errors|check-values)\.ts$/.test(to);
  return isMore && layerOf(from) === "outbox" ? [`${from} must not know ${to}`] : [];
}

function packageProblem(one: Import, { dependencies, peerDependencies }: Manifest): string[] {
  const { from, to, typeOnly } = one;
  const layer = layerOf(from) ?? "";
  if (to.startsWith("src/") || !(layer in library) || to in dependencies) return [];
  if (!(to in peerDependencies)) return [`${from} imports ${to}, which is no dependency`];
  if (typeOnly || neededPeers[to]?.includes(layer)) return [];
  return [`${from} must import types alone from ${to}, which users may lack`];
}

function circlesIn(all: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of all) {
    if (!typeOnly && to.startsWith("src/")) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const circles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];

  function visit(file: string): void {
    const at = path.indexOf(file);
    if (at !== -1) {
      circles.push([...path.slice(at), file].join(" > "));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const to of next.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  }

  for (const file of next.keys()) visit(file);
  return circles;
}

// --- Reading

/** A file's imports of other files of src and of packages; Node's own modules are left out. */
function importsIn(from: string, text: string): Import[] {
  const found = [
    ...Array.from(text.matchAll(statement), ([, type, to]) => ({
      to: to as string,
      typeOnly: !!type,
    })),
    ...Array.from(text.matchAll(call), ([, to]) => ({ to: to as string, typeOnly: false })),
  ];
  return found
    .filter(({ to }) => !to.startsWith("node:") && !builtinModules.includes(to))
    .map(({ to, typeOnly }) => ({ from, to: resolved(from, to), typeOnly }));
}

function resolved(from: string, to: string): string {
  if (to.startsWith(".")) return posix.join(posix.dirname(from), to).replace(/\.js$/, ".ts");
  return to
    .split("/")
    .slice(0, to.startsWith("@") ? 2 : 1)
    .join("/");
}
