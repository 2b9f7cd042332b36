import type { OutageGuard } from "./outage-guard.js";
import type { RedisClient } from "./redis-client.js";
import { runScript, type Script } from "./script.js";

/** What the structures of one name share: their keys, and the way to the server. */
export interface Keyspace {
  client: RedisClient;
  /** What each of their keys begins with. */
  base: string;
  keyOf(id: string): string;
  /** Sends a command, or a script on the key of `id`, under the guard. */
  run: Run;
  /** Sends a script on a key. */
  runOn(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown>;
}

interface Run {
  <T>(send: () => Promise<T>): Promise<T>;
  (script: Script, id: string, args: readonly (string | number)[]): Promise<unknown>;
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
    guard.run(() => runScript(client, script, key, args));

  function run<T>(send: () => Promise<T>): Promise<T>;
  function run(script: Script, id: string, args: readonly (string | number)[]): Promise<unknown>;
  function run(
    what: Script | (() => Promise<unknown>),
    id = "",
    args: readonly (string | number)[] = [],
  ): Promise<unknown> {
    return typeof what === "function" ? guard.run(what) : runOn(what, keyOf(id), args);
  }

  return { client, base, keyOf, run, runOn };
}
