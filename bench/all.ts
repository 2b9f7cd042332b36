import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Every program, one after the other, each in a process of its own. */
const programs = ["hits", "cold", "hot", "evict", "memory", "near", "graphql"];

for (const name of programs) {
  console.log(`\n=== ${name}`);
  const program = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [...process.execArgv, program], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
