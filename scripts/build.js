import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const built = process.argv[2] ?? "dist";

// What was built before is gone first: the package takes along whatever lies there.
rmSync(built, { recursive: true, force: true });
const compiler = "node_modules/typescript/bin/tsc";
execFileSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", built], {
  stdio: "inherit",
});

// Bundlers take along modules, and no files that lie beside them: built, the Lua scripts stand in a module.
const folder = "src/cache/redis/scripts";
const lua = Object.fromEntries(
  readdirSync(folder).map((file) => [
    file.slice(0, -".lua".length),
    readFileSync(`${folder}/${file}`, "utf8"),
  ]),
);
const module = `${built}/cache/redis/lua.js`;
writeFileSync(
  module,
  `const lua = ${JSON.stringify(lua)};\nexport const readLua = (name) => lua[name];\n`,
);
rmSync(`${module}.map`, { force: true });
