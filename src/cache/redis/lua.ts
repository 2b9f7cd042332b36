import { readFileSync } from "node:fs";

/** The text of one of the scripts. `npm run build` makes another module of this, which holds them all. */
export function readLua(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), "utf8");
}
