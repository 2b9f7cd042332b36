#!/usr/bin/env node
import { runCommand } from "./command.js";

const code = await runCommand(process.argv.slice(2), process);
// The schema's module may have opened connections, which would keep the process. What was written goes out first.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write("", resolve));
}
process.exit(code);
