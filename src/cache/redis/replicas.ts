import type { ChainableCommander, Cluster, Redis } from "ioredis";
import { UnreplicatedError } from "../evictions.js";
import type { RedisClient } from "./client.js";
import { duplicate } from "./duplicate.js";
import type { Promotions } from "./promotion.js";
import { readyOf } from "./ready.js";
import { idOf, type ServerId } from "./server-id.js";
import { inTime } from "./within.js";

/** Waits until enough replicas have what was evicted. */
export interface Replicas {
  /**
   * Called before the eviction; what it gives is called after it, with a name in each slot that the eviction wrote to.
   *
   * @throws UnreplicatedError when fewer replicas than wanted have all of it in time
   */
  expect(): (names: readonly string[], entries?: number) => Promise<void>;
  close(): void;
}

/** How many replicas of which server have what was written there. */
interface Acknowledgement {
  readonly server: ServerId;
  readonly replicas: number;
}

type Round = ReadonlyMap<string, Acknowledgement>;

/**
 * WAIT holds up everything behind it on its connection, so it has one of its own. There it tells of what was written on
 * that connection alone; a write of no effect is therefore sent before it. Replicas take all writes in their order.
 */
export function openReplicas(
  given: RedisClient,
  wanted: number,
  commandTimeoutMs: number,
  promotions: Promotions,
): Replicas {
  const client = duplicate(given);
  const waitMs = Math.max(1, Math.floor(commandTimeoutMs / 2));
  let last: Promise<unknown> = Promise.resolve();
  let gathering: { names: Set<string>; round: Promise<Round> } | undefined;
  const becomeReady = readyOf(client);
  client.on("error", () => {});

  /** One round at a time; whoever comes while one is under way is in the next, together with all others who do. */
  function nextRound(names: readonly string[]): Promise<Round> {
    if (!gathering) {
      const gathered = new Set<string>();
      const round = last.then(() => {
        gathering = undefined;
        return run([...gathered]);
      });
      gathering = { names: gathered, round };
      last = round.catch(() => {});
    }
    for (const name of names) gathering.names.add(name);
    return gathering.round;
  }

  async function run(names: readonly string[]): Promise<Round> {
    if (client.isCluster) return new Map(await Promise.all(names.map(acknowledge)));
    // All names are one server's.
    const [, acknowledgement] = await acknowledge(names[0] as string);
    return new Map(names.map((name) => [name, acknowledgement]));
  }

  async function acknowledge(name: string): Promise<[string, Acknowledgement]> {
    const pipeline = pipelineOf(client);
    pipeline.append(name, "").pexpire(name, 1, "NX");
    pipeline.wait(wanted, waitMs).info("server", "replication");
    // Nothing is queued for a server that is away, and what was evicted has been carried out already.
    const results = (await inTime(commandTimeoutMs, becomeReady, () => pipeline.exec())) ?? [];
    const [appended, expiring, waited, info] = results;
    for (const result of [appended, expiring, waited]) if (result?.[0]) throw result[0];
    // Who may not ask for INFO does not know the masters by it either.
    const server = idOf(info?.[0] ? "" : String(info?.[1]));
    return [name, { server, replicas: Number(waited?.[1]) }];
  }

  return {
    expect() {
      const now = () => promotions.masters;
      // Before the first look none is known: the same that the eviction waits for tells them.
      const expected = now().size > 0 ? now() : promotions.known().then(now, now);
      return async (names, entries = 0) => {
        const masters = await expected;
        const round = await nextRound(names).catch((cause) => {
          throw new UnreplicatedError("Replicas must be asked for, but could not be.", {
            entries,
            cause,
          });
        });
        for (const name of names) {
          const { server, replicas } = round.get(name) as Acknowledgement;
          if (!masters.has(server)) {
            throw new UnreplicatedError(
              "The server that evicted must be the one whose replicas were asked, but another was promoted.",
              { entries },
            );
          }
          if (replicas < wanted) {
            throw new UnreplicatedError(
              `${wanted} replicas must have an eviction within ${waitMs} ms, but ${replicas} had.`,
              { entries },
            );
          }
        }
      };
    },
    close: () => client.disconnect(),
  };
}

function pipelineOf(client: RedisClient): ChainableCommander {
  return client.isCluster ? (client as Cluster).pipeline() : (client as Redis).pipeline();
}
