import { createHash } from "node:crypto";
import type { RedisClient } from "./redis-client.js";

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/** Runs a script of one key by its digest, and sends it whole where the server has not seen it yet. */
export async function runScript(
  client: RedisClient,
  { lua, sha }: Script,
  key: string,
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, 1, key, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return client.eval(lua, 1, key, ...args);
  }
}
