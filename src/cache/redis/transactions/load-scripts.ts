import type { Redis } from "ioredis";
import { scripts } from "../scripts.js";

const NO_SUCH_SCRIPT = "0".repeat(40);

/**
 * Loads the scripts into a server, and tells whether it lets us run them. Everything else that may go wrong is left to
 * the commands that meet it.
 */
export async function loadScripts(server: Redis): Promise<"allowed" | "refused"> {
  const sources = Object.values(scripts).map(({ lua }) => lua);
  const loading = Promise.all(sources.map((lua) => server.script("LOAD", lua)));
  const [mayLoad, mayRun] = await Promise.all([
    isAllowed(loading),
    isAllowed(server.evalsha(NO_SUCH_SCRIPT, 0)),
  ]);
  if (!mayRun) return "refused";
  // What cannot be loaded is sent with each call that misses it.
  return mayLoad || (await isAllowed(server.eval("return 1", 0))) ? "allowed" : "refused";
}

/** True for an error that refuses the command to us, be it by an ACL or by its having been renamed. */
export function isRefusal(error: Error): boolean {
  return /^(NOPERM .*permissions? to run the |ERR unknown command )/.test(error.message);
}

function isAllowed(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    (error) => !isRefusal(error),
  );
}
