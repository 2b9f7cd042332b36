import type { KillOptions, Round } from "./run.js";

export interface KillVerdict {
  /** Rounds after which a reader saw a price that was no longer true. */
  readonly stale: readonly Round[];
  /** True when something must not have happened. */
  readonly isWrong: boolean;
}

export function judgeKills(rounds: readonly Round[]): KillVerdict {
  const stale = rounds.filter((round) => round.stale.length > 0);
  const isLeft = rounds.some(
    ({ pending, neighbourMs }) => pending > 0 || neighbourMs === Number.POSITIVE_INFINITY,
  );
  return { stale, isWrong: stale.length > 0 || isLeft };
}

/** A few lines for people. */
export function describeKills({ kills, seed }: KillOptions, rounds: readonly Round[]): string {
  const count = (is: (round: Round) => boolean) => rounds.filter(is).length;
  const alone = rounds.filter(({ neighbour }) => !neighbour);
  const neighbourMs = rounds
    .flatMap((round) => round.neighbourMs ?? [])
    .sort((a, b) => a - b)
    .map(Math.round);
  const { stale } = judgeKills(rounds);
  return [
    `${rounds.length} of ${kills} kills (seed ${seed}): ${count(({ committed }) => committed)} after the commit, ` +
      `${count(({ inBetween }) => inBetween)} of them seen to be before its eviction; ` +
      `${count(({ killedTwice }) => killedTwice)} killed again while starting`,
    `${alone.length} left to the restarted server; ${neighbourMs.length} delivered by another process, ` +
      `which showed the new price after ${neighbourMs[neighbourMs.length >> 1] ?? "-"} ms (median), ` +
      `${neighbourMs.at(-1) ?? "-"} ms at the most`,
    `${rounds.reduce((sum, { reads }) => sum + reads, 0)} prices read after restarts, ` +
      `${stale.reduce((sum, round) => sum + round.stale.length, 0)} stale in ${stale.length} rounds; ` +
      `${rounds.reduce((sum, { pending }) => sum + pending, 0)} evictions left undelivered`,
  ].join("\n");
}
