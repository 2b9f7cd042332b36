import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { graphql } from "graphql";
import { describe, expect, onTestFinished, test } from "vitest";
import { cacheDirectives, createCache } from "../src/index.js";

const root = new URL("../", import.meta.url).pathname;
const readme = await readFile(join(root, "README.md"), "utf8");
const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text as string);

/** What is the reader's own in the examples. */
const GLOBALS = `
import type { Cache } from "graphql-cached";
import type { CacheDirectives } from "graphql-cached";
import type { Redis } from "ioredis";
import type { GraphQLSchema } from "graphql";
declare global {
  interface Preferences { vegetarian: boolean }
  const redis: Redis;
  const cache: Cache;
  const directives: CacheDirectives;
  const schema: GraphQLSchema;
  const url: string;
  const user: string;
  const size: unknown;
  const price: number;
  const id: string;
  const itemId: string;
  const fastly: { purgeKeys(keys: readonly string[]): Promise<void> };
  const db: {
    menu(signal: AbortSignal): Promise<{ id: string }[]>;
    save(value: unknown, signal: AbortSignal): Promise<void>;
    savePreferences(writes: readonly unknown[], signal: AbortSignal): Promise<void>;
  };
  function contextOf(viewer: string | undefined): unknown;
}
`;

const RESOLVERS = `
import type { IResolvers } from "@graphql-tools/utils";
import type DataLoader from "dataloader";
export interface Context { user?: { id: string }; loaders: { sizes: DataLoader<string, unknown> } }
export declare const resolvers: IResolvers;
`;

describe("the README's examples", () => {
  test("are understood by the compiler as they stand", async () => {
    expect(examples.length).toBeGreaterThan(6);
    const folder = await mkdtemp(join(tmpdir(), "readme-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { compilerOptions } = JSON.parse(await readFile(join(root, "tsconfig.json"), "utf8"));
    const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const sourceOf = (types: string) =>
      join(root, types.replace("./dist/", "src/").replace(".d.ts", ".ts"));
    const paths = Object.fromEntries(
      Object.entries(exports as Record<string, { types?: string }>).flatMap(([name, { types }]) =>
        types ? [[join("graphql-cached", name), [sourceOf(types)]]] : [],
      ),
    );
    const options = { ...compilerOptions, noUnusedLocals: false, paths };
    const files = {
      "tsconfig.json": JSON.stringify({ compilerOptions: options, include: ["*.ts"] }),
      "package.json": '{ "type": "module" }',
      "globals.ts": GLOBALS,
      "resolvers.ts": RESOLVERS,
      ...Object.fromEntries(
        examples.map((text, at) => [`example-${at + 1}.ts`, `${text}\nexport {};\n`]),
      ),
    };
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);

    const tsc = promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", folder]);
    const problems = await tsc.then(
      () => "",
      ({ stdout, message }: { stdout?: string; message: string }) => stdout || message,
    );

    expect(problems).toBe("");
    // It checks the library's sources as well, beside other tests on a busy machine.
  }, 180_000);

  test("do what they say: the first one's schema loads once, until the price is set", async () => {
    const sdl = /const typeDefs = `#graphql\n(.*?)`;/s.exec(readme)?.[1] as string;
    const cache = createCache();
    onTestFinished(() => cache.close());
    const directives = cacheDirectives<{ user?: { id: string } }>(cache, {
      viewer: ({ user }) => user?.id,
    });
    const sizes = [{ id: "s", price: 9.5 }];
    const loads: string[] = [];
    const load = <T>(name: string, value: T) => {
      loads.push(name);
      return value;
    };
    const schema = directives.apply(
      makeExecutableSchema({
        typeDefs: [directives.typeDefs, sdl],
        resolvers: {
          Query: {
            menu: () => load("menu", [{ id: "margherita" }]),
            orders: () => load("orders", [{ id: "1", total: 12 }]),
          },
          MenuItem: { sizes: () => load("sizes", structuredClone(sizes)) },
          Mutation: {
            setPrice: (_, { price }: { price: number }) => {
              Object.assign(sizes[0] as object, { price });
              return { id: "margherita" };
            },
          },
        },
      }),
    );
    const ask = async (source: string, user?: { id: string }) => {
      const { data, errors } = await graphql({
        schema,
        source,
        contextValue: user ? { user } : {},
      });
      expect(errors).toBeUndefined();
      return JSON.stringify(data);
    };

    const menu = "{ menu { id sizes { price } } }";
    expect(await ask(menu)).toContain("9.5");
    expect(await ask(menu)).toContain("9.5");
    expect(loads.splice(0)).toEqual(["menu", "sizes"]);
    await ask('mutation { setPrice(sizeId: "s", price: 10) { id } }');
    expect(await ask(menu)).toContain("10");
    expect(loads.splice(0)).toEqual(["menu", "sizes"]);

    for (const user of [{ id: "ada" }, { id: "ada" }, { id: "bob" }, undefined, undefined]) {
      await ask("{ orders { total } }", user);
    }
    expect(loads).toEqual(["orders", "orders", "orders", "orders"]);
  });
});

test("The README's and the documents' links lead somewhere", async () => {
  for (const path of ["README.md", "docs/pizzeria.md", "bench/README.md"]) {
    const text = await readFile(join(root, path), "utf8");
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => anchorOf(title as string));
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      if (file) expect(existsSync(join(root, dirname(path), file)), target).toBe(true);
      if (!file && anchor) expect(anchors, target).toContain(anchor);
    }
  }
});

/** As GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
