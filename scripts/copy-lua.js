import { cp } from "node:fs/promises";

// The compiler leaves the Lua scripts behind; the built library reads them beside its own files.
const folder = "cache/redis/scripts";
await cp(`src/${folder}`, `dist/${folder}`, { recursive: true });
