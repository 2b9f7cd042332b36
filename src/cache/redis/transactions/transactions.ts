import { setTimeout as pause } from "node:timers/promises";
import type { Redis } from "ioredis";
import { StoreError, StoreUnavailableError } from "../../errors.js";
import type { RedisClient } from "../client.js";
import type { Command } from "../connection.js";
import { readEvaluation } from "../evaluate.js";
import { createLanes } from "./lanes.js";
import { type Step, transact } from "./transact.js";
import { twins } from "./twins.js";

/** Runs the scripts of a batch as transactions, for a server that refuses scripts. */
export interface Transactions {
  /** Carries out a batch in its order, all but its scripts by `transmit`. An Error stands in the place of a reply. */
  exchange(commands: readonly Command[]): Promise<unknown[]>;
  close(): void;
}

/** Steps in one transaction: enough for a long list to cost few round trips, too few to hold the server up. */
const STEPS_AT_ONCE = 100;
/** In every race somebody wins, so to lose so many is more than bad luck. */
const MAX_RACES = 100;
/** A cluster whose slots move may send us on so often. */
const MAX_REDIRECTIONS = 8;
const TRY_AGAIN_AFTER_MS = 1;

export function createTransactions(
  client: RedisClient,
  limitMsFor: (commands: readonly Command[]) => number,
  transmit: (commands: readonly Command[]) => Promise<unknown[]>,
): Transactions {
  const lanes = createLanes(client);
  const stepsAtOnce = client.isCluster ? 1 : STEPS_AT_ONCE;

  async function exchange(commands: readonly Command[]): Promise<unknown[]> {
    const deadline = performance.now() + limitMsFor(commands);
    const replies: unknown[] = [];
    for (const { commands: some, steps } of turnsOf(commands)) {
      const own = steps.length > 0 ? await runAll(steps, deadline) : await transmit(some);
      // One by one: a call with more than some hundred thousand arguments throws.
      for (const reply of own) replies.push(reply);
    }
    return replies;
  }

  /** Steps of one script and of different keys, so their order is nobody's concern. */
  async function runAll(steps: readonly Step[], deadline: number): Promise<unknown[]> {
    const parts: Step[][] = [];
    for (let from = 0; from < steps.length; from += stepsAtOnce) {
      parts.push(steps.slice(from, from + stepsAtOnce));
    }
    const replies = await Promise.all(
      parts.map(async (part) => (await runTogether(part, deadline)) ?? runEach(part, deadline)),
    );
    return replies.flat();
  }

  /** One try for all. undefined where one of them lost its race or failed, for which the others must not suffer. */
  async function runTogether(steps: Step[], deadline: number): Promise<unknown[] | undefined> {
    if (steps.length === 1) return undefined;
    try {
      const lane = lanes.of(keyOf(steps[0] as Step));
      const replies = await lane.use(deadline, (connection) => transact(connection, steps));
      return replies === "lost" ? undefined : replies;
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      return undefined;
    }
  }

  function runEach(steps: readonly Step[], deadline: number): Promise<unknown[]> {
    return Promise.all(steps.map((step) => runOne(step, deadline).catch((error) => error)));
  }

  async function runOne(step: Step, deadline: number): Promise<unknown> {
    let next: Next = {};
    let last = "";
    for (let redirection = 0; redirection < MAX_REDIRECTIONS; redirection += 1) {
      const { address, isAsking = false } = next;
      const lane = lanes.of(keyOf(step), address);
      const outcome = await lane.use(deadline, (connection) => race(connection, step, isAsking));
      if ("reply" in outcome) return outcome.reply;
      last = outcome.redirection;
      next = await follow(last, keyOf(step));
    }
    throw new StoreUnavailableError(
      `A cluster must say where a slot is, but said after ${MAX_REDIRECTIONS} redirections: ${last}`,
    );
  }

  /**
   * Where to go next. The cluster's client follows as well, and so gets to know the node. Where it takes the slot to be
   * is not relied on: at a redirection it changes its mind about the whole range that it had the slot in.
   */
  async function follow(redirection: string, key: string): Promise<Next> {
    const [kind, , address = ""] = redirection.split(" ");
    if (kind === "TRYAGAIN") {
      await pause(TRY_AGAIN_AFTER_MS);
      return {};
    }
    await transmit([["exists", key]]);
    return { address, isAsking: kind === "ASK" };
  }

  return { exchange, close: () => lanes.close() };
}

/** No address: at the slot's master, as the client knows it. */
interface Next {
  readonly address?: string;
  /** The slot is on its way there. */
  readonly isAsking?: boolean;
}

type Outcome = { readonly reply: unknown } | { readonly redirection: string };

async function race(connection: Redis, step: Step, isAsking: boolean): Promise<Outcome> {
  for (let lost = 0; lost < MAX_RACES; lost += 1) {
    try {
      const replies = await transact(connection, [step], isAsking);
      if (replies !== "lost") return { reply: replies[0] };
    } catch (error) {
      const text = error instanceof Error ? error.message : "";
      if (REDIRECTION.test(text)) return { redirection: text };
      throw error;
    }
  }
  throw new StoreError(
    `A key must hold still for one transaction, but it changed in each of ${MAX_RACES}.`,
  );
}

const REDIRECTION = /^(MOVED|ASK|TRYAGAIN) /;

interface Turn {
  readonly commands: Command[];
  /** Of the same script, each with a key of its own; none for a turn of other commands. */
  readonly steps: Step[];
  readonly keys: Set<string>;
}

/** Takes a batch apart into what may be carried out together; one turn waits for the other. */
function turnsOf(commands: readonly Command[]): Turn[] {
  const turns: Turn[] = [];
  for (const command of commands) {
    const step = stepOf(command);
    let turn = turns.at(-1);
    if (!turn || turn.steps[0]?.twin !== step?.twin || (step && turn.keys.has(keyOf(step)))) {
      turn = { commands: [], steps: [], keys: new Set() };
      turns.push(turn);
    }
    turn.commands.push(command);
    if (step) {
      turn.steps.push(step);
      turn.keys.add(keyOf(step));
    }
  }
  return turns;
}

function stepOf(command: Command): Step | undefined {
  const evaluation = readEvaluation(command);
  return evaluation && { ...evaluation, twin: twins[evaluation.name] };
}

/** The key that the step hangs on; whatever else it touches is in the same slot. */
function keyOf({ keys }: Step): string {
  return keys[0] as string;
}
