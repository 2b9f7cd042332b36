import type { Redis } from "ioredis";
import { createTickCalls } from "../../tick-batch.js";
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
 * @param isAsking the slot is on its way to this server, which has to be told with each command that we know
 * @returns a reply for each step, an Error where its commands failed; or "lost" when what was watched has changed
 * @throws the error reply to a look, or to the transaction as a whole
 */
export async function transact(
  connection: Redis,
  steps: readonly Step[],
  isAsking = false,
): Promise<unknown[] | "lost"> {
  const session = createSession(connection, steps, isAsking);
  const look = createLook(session);
  const plans = await Promise.all(
    steps.map(({ twin, keys, args }) => (twin as AnyTwin)(look, ...keys, ...args)),
  );
  const writes = plans.flatMap((plan) => plan.writes ?? []);
  if (writes.length === 0) return plans.map(({ reply }) => reply);
  const lastAt = new Map(plans.map(({ position }, index) => [position, index]));
  const pushes = plans.flatMap(({ publish, position }, index): Command[] => {
    if (!publish) return [];
    const [channel, message] = publish;
    const isLast = position !== undefined && lastAt.get(position) === index;
    return [["publish", channel, isLast ? position + message : message]];
  });
  const results = await session.execute(writes, pushes);
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

/** One transaction on a connection, command by command. */
interface Session {
  /** In one write. An error reply stands in its place. */
  send(commands: readonly Command[]): Promise<unknown[]>;
  execute(writes: readonly Command[], pushes: readonly Command[]): Promise<unknown[] | "lost">;
}

function createSession(connection: Redis, steps: readonly Step[], isAsking: boolean): Session {
  // First of all, what an earlier transaction watched and did not write is forgotten. Where only some of a script's
  // keys may have moved here yet, the server says so if it sees them in one command.
  const together = isAsking ? steps.map(({ keys }): Command => ["watch", ...keys]) : [];
  const opening: Command[] = [["unwatch"], ...together];
  const asked = (commands: Command[]) =>
    isAsking ? commands.flatMap((command): Command[] => [["asking"], command]) : commands;

  return {
    async send(commands) {
      const opened = asked(opening.splice(0));
      const replies = await exchange(connection, [...opened, ...asked([...commands])]);
      throwFirst(replies.slice(0, opened.length));
      const own = replies.slice(opened.length);
      return isAsking ? own.filter((_, index) => index % 2 === 1) : own;
    },

    async execute(writes, pushes) {
      // Asking once before MULTI holds until EXEC.
      const opened = [...asked(opening.splice(0)), ...asked([["multi"]])];
      const replies = await exchange(connection, [...opened, ...writes, ["exec"], ...pushes]);
      const execAt = opened.length + writes.length;
      // A write that was refused as it was queued says why; EXEC only says that there was one.
      throwFirst(replies.slice(0, execAt + 1));
      return (replies[execAt] as unknown[] | null) ?? "lost";
    },
  };
}

/** Looks of one tick share a round trip. */
function createLook(session: Session): Look {
  const look = createTickCalls<readonly Command[], unknown[]>(async (calls) => {
    const replies = await session.send(calls.flatMap(({ asked }) => asked));
    let at = 0;
    for (const { asked: commands, resolve, reject } of calls) {
      const own = replies
        .slice(at, at + commands.length)
        .map((reply, index) => (isOfOtherType(commands[index], reply) ? null : reply));
      at += commands.length;
      const failure = own.find((reply) => reply instanceof Error);
      if (failure) reject(failure);
      else resolve(own);
    }
  });

  return (...commands) => look(commands);
}

/** A text of another type than ours is none, as in the scripts. */
function isOfOtherType(command: Command | undefined, reply: unknown): boolean {
  return command?.[0] === "get" && reply instanceof Error && reply.message.startsWith("WRONGTYPE");
}

async function exchange(connection: Redis, commands: readonly Command[]): Promise<unknown[]> {
  const pipeline = connection.pipeline();
  for (const [name, ...args] of commands) pipeline.callBuffer(name, args);
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, reply]) => error ?? reply);
}

function throwFirst(replies: readonly unknown[]): void {
  for (const reply of replies) if (reply instanceof Error) throw reply;
}
