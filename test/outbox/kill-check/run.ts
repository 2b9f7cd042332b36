import { setTimeout as delay } from "node:timers/promises";
import { createDice, type Dice } from "../../consistency/dice.js";
import type { ServerProcess } from "./server-process.js";
import { createWorld, type Shown, type World } from "./world.js";

export interface KillOptions {
  kills: number;
  seed: number;
  /** With the outbox off: then violations must be found. */
  isBroken: boolean;
  /** Told after each round. */
  onRound?: (round: Round) => void;
}

/** One price change, at which the server was killed. */
export interface Round {
  readonly n: number;
  /** Whether a second process has a relay, or the killed server must deliver after its restart. */
  readonly neighbour: boolean;
  /** The server was killed again while it started. */
  readonly killedTwice: boolean;
  readonly committed: boolean;
  /** Between the commit and its eviction: what was read at once after the kill was the old price. */
  readonly inBetween: boolean;
  /** From the kill until a second process showed the new price, with nobody restarted. */
  readonly neighbourMs: number | undefined;
  /** What was shown after the restart and is not what the database says. */
  readonly stale: readonly string[];
  readonly reads: number;
  /** Left in the outbox when the server was open again. */
  readonly pending: number;
}

const REDIS_DELAY_MS = 25;
/** A little longer than an eviction takes, so that some kills come after it. */
const KILL_WITHIN_MS = 30;
const SIZES = ["harbour-s", "harbour-m", "marinara-l", "orchard-m", "baker-street-s"];

export async function runKills(options: KillOptions): Promise<Round[]> {
  const dice = createDice(options.seed);
  await using world = await createWorld({
    redisDelayMs: REDIS_DELAY_MS,
    isRelayOn: !options.isBroken,
  });
  const rounds: Round[] = [];
  let server = world.startServer();
  try {
    const token = await world.signIn(await server.url);
    for (let n = 1; n <= options.kills; n += 1) {
      const round = await playRound(world, dice, { server, token, n, isBroken: options.isBroken });
      server = round.server;
      rounds.push(round.round);
      options.onRound?.(round.round);
    }
    return rounds;
  } finally {
    await server.kill();
  }
}

async function playRound(
  world: World,
  dice: Dice,
  how: { server: ServerProcess; token: string; n: number; isBroken: boolean },
): Promise<{ round: Round; server: ServerProcess }> {
  const { n, token } = how;
  const sizeId = dice.pick(SIZES);
  const price = ((1_000 + n) / 100).toFixed(2);
  const before = await world.price(sizeId);
  const neighbour = !how.isBroken && n % 2 === 0 ? world.startNeighbour() : undefined;
  try {
    const url = await how.server.url;
    // Both caches hold the old price, for five minutes.
    await world.readFrom(url, sizeId);
    await world.readHere(sizeId);

    const committed = await killAfterCommit({
      kill: () => how.server.kill(world.cutRedis),
      change: () => world.setPrice(url, token, sizeId, price),
      isCommitted: async () => (await world.price(sizeId)) === price,
      afterMs: dice.number(0, KILL_WITHIN_MS),
    });
    const killedAt = performance.now();
    const atOnce = await world.readHere(sizeId);
    const inBetween = committed && atOnce.includes(before);
    const neighbourMs = neighbour && (await msUntilShown(world, sizeId, killedAt));

    const killedTwice = dice.chance(0.25);
    if (killedTwice) {
      const started = world.startServer();
      await Promise.race([started.url, delay(dice.number(200, 2_000))]);
      await started.kill(world.cutRedis);
    }
    const server = world.startServer();
    const again = await server.url;
    const shown = [...(await world.readHere(sizeId)), ...(await world.readFrom(again, sizeId))];
    const truth = await world.price(sizeId);
    const stale = shown.filter((one) => one !== truth);
    const pending = await world.pending();
    if (stale.length > 0) await world.reset();
    const round: Round = {
      n,
      neighbour: neighbour !== undefined,
      killedTwice,
      committed,
      inBetween,
      neighbourMs,
      stale,
      reads: shown.length,
      pending,
    };
    return { round, server };
  } finally {
    await neighbour?.close();
  }
}

/** False when the change was refused, and nothing committed. */
async function killAfterCommit(how: {
  kill: () => Promise<void>;
  change: () => Promise<void>;
  isCommitted: () => Promise<boolean>;
  afterMs: number;
}): Promise<boolean> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  const changing = how.change().then(over, over);
  // As often as the database answers.
  while (!(await how.isCommitted()) && !isOver);
  const isCommitted = await how.isCommitted();
  await delay(how.afterMs);
  await how.kill();
  await changing;
  return isCommitted;
}

/** Until a process that nobody restarted shows what the database says; Infinity when it does not within ten seconds. */
async function msUntilShown(world: World, sizeId: string, since: number): Promise<number> {
  const truth = await world.price(sizeId);
  const isRight = (shown: Shown) => shown.every((one) => one === truth);
  for (;;) {
    const right = isRight(await world.readHere(sizeId));
    const ms = performance.now() - since;
    if (right) return ms;
    if (ms > 10_000) return Number.POSITIVE_INFINITY;
    await delay(5);
  }
}
