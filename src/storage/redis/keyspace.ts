import type { OutageGuard } from "./outage-guard.js";
import type { RedisClient } from "./redis-client.js";
import { runScript, type Script } from "./script.js";

/** What the structures of one name share: their keys, and the way to the server. */
export interface Keyspace {
  client: RedisClient;
  keyOf(id: string): string;
  /** Sends a command, or a script on the key of `id`, under the guard. */
  run: Run;
}

interface Run {
  <T>(send: () => Promise<T>): Promise<T>;
  (script: Script, id: string, args: readonly (string | number)[]): Promise<unknown>;
}

export function createKeyspace(
  client: RedisClient,
  guard: OutageGuard,
  prefix: string,
  name: string,
): Keyspace {
  const keyOf = (id: string) => (id === "" ? `${prefix}${name}` : `${prefix}${name}:${id}`);

  function run<T>(send: () => Promise<T>): Promise<T>;
  function run(script: Script, id: string, args: readonly (string | number)[]): Promise<unknown>;
  function run(
    what: Script | (() => Promise<unknown>),
    id = "",
    args: readonly (string | number)[] = [],
  ): Promise<unknown> {
    return guard.run(
      typeof what === "function" ? what : () => runScript(client, what, keyOf(id), args),
    );
  }

  return { client, keyOf, run };
}
