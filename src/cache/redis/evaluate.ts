import type { Argument, Command } from "./connection.js";
import { type Script, scripts } from "./scripts.js";

type ScriptName = keyof typeof scripts;

const nameOfSha = new Map(
  Object.entries(scripts).map(([name, { sha }]) => [sha, name as ScriptName]),
);

/** The command that runs a script. */
export function evaluate(
  script: Script,
  keys: readonly string[],
  ...args: readonly Argument[]
): Command {
  return ["evalsha", script.sha, keys.length, ...keys, ...args];
}

/** What such a command runs; undefined for other commands. */
export function readEvaluation(
  command: Command,
): { name: ScriptName; script: Script; keys: string[]; args: Argument[] } | undefined {
  const [first, sha, keyCount, ...rest] = command;
  const name = first === "evalsha" ? nameOfSha.get(String(sha)) : undefined;
  if (!name) return undefined;
  const keys = rest.slice(0, Number(keyCount)).map(String);
  return { name, script: scripts[name], keys, args: rest.slice(keys.length) };
}

/** The same with the script's text, for a server that lacks it. */
export function withSource(command: Command): Command {
  const [, sha, ...rest] = command;
  const name = nameOfSha.get(String(sha)) as ScriptName;
  return ["eval", scripts[name].lua, ...rest];
}
