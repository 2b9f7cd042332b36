import { createHash } from "node:crypto";
import type { RedisClient } from "./redis-client.js";

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/**
 * Runs a script of one key by its digest, and sends it whole where the server has not seen it yet. The arguments go as
 * one list: spread into a call, some ten thousands of them would overflow its stack.
 */
export async function runScript(
  client: RedisClient,
  { lua, sha }: Script,
  key: string,
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.call("evalsha", [sha, 1, key, ...args]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return client.call("eval", [lua, 1, key, ...args]);
  }
}
