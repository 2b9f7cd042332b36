import { lockDataFolder } from "../../src/origin/data-folder-lock.js";

/** A process of its own that holds the folder named by its argument until it is killed. */
await lockDataFolder(process.argv[2]!, () => {});
process.stdout.write("held\n");
setInterval(() => {}, 1_000);
