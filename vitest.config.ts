import { createRequire } from "node:module";
import { defineConfig } from "vitest/config";

/** Servers that must agree among themselves in time: they run after all others, one file at a time. */
const ALONE = ["cluster-failover", "promotion", "resharding", "sentinel"].map(
  (name) => `test/cache/redis/${name}.test.ts`,
);

export default defineConfig({
  resolve: {
    // One graphql for our files and for the packages they use, which Vite would otherwise give different builds of it.
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve("graphql") }],
  },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    reporters: ["default", "./test/support/closing-line.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["test/**/*.test.ts"],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
