import type { OutageGuard } from "./outage-guard.js";
import type { RedisClient } from "./redis-client.js";
import { runScript, type Script } from "./script.js";

/** What the structures of one name share: their keys, and the way to the server. */
export interface Keyspace {
  client: RedisClient;
  /** What each of their keys begins with. */
  base: string;
  /** Sends a command on the key of `id`, under the guard. */
  send<T>(id: string, command: (key: string) => Promise<T>): Promise<T>;
  /** Sends a script on the key of `id`. */
  run(script: Script, id: string, args: readonly (string | number)[]): Promise<unknown>;
  /** Sends a script on a key. */
  runOn(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown>;
}

export interface KeyspaceOptions {
  client: RedisClient;
  guard: OutageGuard;
  prefix: string;
  name: string;
  /** Whether all of its keys share a slot of a cluster. */
  isInOneSlot?: boolean;
}

export function createKeyspace(options: KeyspaceOptions): Keyspace {
  const { client, guard, prefix, name, isInOneSlot = false } = options;
  const base = `${prefix}${isInOneSlot ? `{${name}}` : name}`;
  const keyOf = (id: string) => (id === "" ? base : `${base}:${id}`);
  const runOn: Keyspace["runOn"] = (script, key, args) =>
    guard.run(key, () => runScript(client, script, key, args));

  return {
    client,
    base,
    send: (id, command) => guard.run(keyOf(id), () => command(keyOf(id))),
    run: (script, id, args) => runOn(script, keyOf(id), args),
    runOn,
  };
}
