import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = new URL("../../src/schema/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));

test.each(files)("%s knows neither the cache nor what is above it", (name) => {
  const text = readFileSync(new URL(name, folder), "utf8");
  const imported = [...text.matchAll(/from ["']([^"']+)["']/g)].map(([, path]) => path ?? "");
  const allowed = /^(\.\/|\.\.\/(origin|services)\/|\.\.\/context\.js$|[@a-z])/;
  expect(imported.filter((path) => !allowed.test(path))).toEqual([]);
  expect(imported.filter((path) => /ioredis|graphql-cached/.test(path))).toEqual([]);
});
