import type { Redis } from "ioredis";
import { createTickBatch } from "../../tick-batch.js";
import type { Argument, Command } from "../connection.js";
import type { Look, Plan, Twin } from "./twin.js";

/** A script's twin with what it is called with. */
export interface Step {
  readonly twin: Twin;
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

/**
 * Carries out some steps of different keys as one transaction: their looks share round trips, their writes a MULTI.
 * Nobody else may use the connection meanwhile, and it must be one that never reconnects: WATCH ends with a
 * connection, and on the next the transaction would run unwatched.
 *
 * @param asking the slot is on its way here: every command has to say that it knows
 * @returns a reply for each step, an Error where its commands failed; or "lost" when what was watched has changed
 * @throws the error reply to a look, or to the transaction as a whole
 */
export async function transact(
  connection: Redis,
  steps: readonly Step[],
  asking = false,
): Promise<unknown[] | "lost"> {
  const look = createLook(connection, steps, asking);
  const plans = await Promise.all(
    steps.map(({ twin, keys, args }) => (twin as AnyTwin)(look, ...keys, ...args)),
  );
  const writes = plans.flatMap((plan) => plan.writes ?? []);
  if (writes.length === 0) return plans.map(({ reply }) => reply);
  const pushes = plans.flatMap(({ publish }): Command[] =>
    publish ? [["publish", ...publish]] : [],
  );
  const results = await execute(connection, writes, pushes, asking);
  if (results === "lost") return results;
  let at = 0;
  return plans.map(({ reply, writes: own = [] }) => {
    const ownResults = results.slice(at, at + own.length);
    at += own.length;
    return ownResults.find((result) => result instanceof Error) ?? reply ?? ownResults[0];
  });
}

/** Arguments come as the script's would, which no type can follow through `evaluate`. */
type AnyTwin = (look: Look, ...keysAndArgs: Argument[]) => Promise<Plan>;

interface Asked {
  readonly commands: readonly Command[];
  resolve(replies: unknown[]): void;
  reject(error: unknown): void;
}

/** Looks of one tick share a round trip. The first begins by forgetting what an earlier transaction watched. */
function createLook(connection: Redis, steps: readonly Step[], asking: boolean): Look {
  // With all keys of a script in one command, the server says itself if only some of them have moved yet.
  const together = asking ? steps.map(({ keys }): Command => ["watch", ...keys]) : [];
  let opening: Command[] = [["unwatch"], ...together];
  const enqueue = createTickBatch<Asked>((items) => {
    flush(items).catch((error) => {
      for (const { reject } of items) reject(error);
    });
  });

  async function flush(items: Asked[]): Promise<void> {
    const commands = [...opening, ...items.flatMap((item) => item.commands)];
    let at = opening.length;
    opening = [];
    const replies = await sendAll(connection, asking ? commands.flatMap(askingFirst) : commands);
    const own = asking ? replies.filter((_, index) => index % 2 === 1) : replies;
    throwFirst(own.slice(0, at));
    for (const { commands, resolve, reject } of items) {
      const part = own.slice(at, at + commands.length);
      at += commands.length;
      const failure = part.find((reply) => reply instanceof Error);
      if (failure) reject(failure);
      else resolve(part);
    }
  }

  return (...commands) =>
    new Promise((resolve, reject) => {
      enqueue({ commands, resolve, reject });
    });
}

async function execute(
  connection: Redis,
  writes: readonly Command[],
  pushes: readonly Command[],
  asking: boolean,
): Promise<unknown[] | "lost"> {
  // Said once before MULTI, it holds until EXEC.
  const opening: Command[] = asking ? [["asking"], ["multi"]] : [["multi"]];
  const replies = await sendAll(connection, [...opening, ...writes, ["exec"], ...pushes]);
  const execAt = opening.length + writes.length;
  // A write that was refused as it was queued says why; EXEC only says that there was one.
  throwFirst(replies.slice(0, execAt + 1));
  const results = replies[execAt] as unknown[] | null;
  return results ?? "lost";
}

/** In one write. An error reply stands in its place. */
async function sendAll(connection: Redis, commands: readonly Command[]): Promise<unknown[]> {
  const pipeline = connection.pipeline();
  for (const [name, ...args] of commands) pipeline.callBuffer(name, args);
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, reply]) => error ?? reply);
}

function askingFirst(command: Command): Command[] {
  return [["asking"], command];
}

function throwFirst(replies: readonly unknown[]): void {
  for (const reply of replies) if (reply instanceof Error) throw reply;
}
