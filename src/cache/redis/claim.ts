import type { Nonce } from "../entry.js";
import { StoreError } from "../errors.js";
import { isPast, type Position } from "../position.js";
import { randomId } from "../random.js";
import type { OnSend, Snapshot } from "../store.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Keys } from "./keys.js";
import {
  createLeaseCommands,
  isGranted,
  type LeaseAnswer,
  type MarkedRequest,
} from "./lease-commands.js";
import type { EvictionLog } from "./log.js";
import { accepted } from "./reply-error.js";
import { scripts } from "./scripts.js";
import { beginTrip } from "./step-time.js";
import {
  createdVersion,
  readTagVersion,
  type TagVersion,
  writeLogPosition,
} from "./tag-version.js";

export interface Claimed {
  /** One for each lease that was asked for, in their order. */
  readonly answers: readonly LeaseAnswer[];
  /** Of some of the tags. */
  snapshotOf(tags: readonly string[]): Snapshot;
}

/** @param usedMs what was taken of the step's time before */
export type Claim = (
  tags: readonly string[],
  asked: readonly MarkedRequest[],
  usedMs?: number,
  onSend?: OnSend,
) => Promise<Claimed>;

/**
 * Sees to it that every tag has a version, then takes the leases, then reads the log: in this order, in one round
 * trip. What position an unpositioned version stands for is told by a log read after the version existed; on a
 * cluster, where the log may be on another node and overtake, that takes a second round trip.
 *
 * A lease may look doomed that is not: its mark may be behind an eviction that its snapshot has, and on a cluster it
 * may have been seen before the version of one of its tags. Such a one is taken anew, under another token: whoever
 * judged the first cannot take over the second, and whoever took over the first keeps it.
 */
export function createClaim(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  claimMs: number,
): Claim {
  const commands = createLeaseCommands(keys, connection.isCluster);

  async function claim(
    tags: readonly string[],
    asked: readonly MarkedRequest[],
    usedMs = 0,
    onSend?: OnSend,
  ): Promise<Claimed> {
    const proposals = tags.map((tag) =>
      evaluate(scripts.claimTag, [keys.tag(tag)], createdVersion(randomId()), claimMs),
    );
    const first = await sendBeforeLog(
      [...proposals, ...asked.flatMap(commands.take)],
      usedMs,
      onSend,
    );
    const versions = new Map(tags.map((tag, index) => [tag, claimedVersion(first.replies[index])]));
    const answers = commands.answersIn(first.replies.slice(tags.length), asked);
    let { head } = first;
    const isOpen = (tag: string) => versions.get(tag)?.position?.epoch !== first.head.epoch;
    const mayHaveBeenAhead = (tag: string) => connection.isCluster && isOpen(tag);

    const again = asked.flatMap(({ request, mark }, index) => {
      if (!isGranted(answers[index]?.lease)) return [];
      const rightMark = latestOf(mark, request.tags, versions);
      if (rightMark === mark && !request.tags.some(mayHaveBeenAhead)) return [];
      const anew = { ...request, token: randomId(), over: request.token, overHeld: true };
      return [{ index, request: anew, mark: rightMark }];
    });
    if (again.length > 0 || tags.some(mayHaveBeenAhead)) {
      const second = await sendBeforeLog(again.flatMap(commands.take), first.usedMs).catch(
        (error) => {
          // Whether they were taken, nobody knows.
          connection.sendAll(again.map(commands.release)).catch(() => {});
          throw error;
        },
      );
      head = second.head;
      const anew = commands.answersIn(second.replies, again);
      again.forEach(({ index }, place) => {
        answers[index] = anew[place] as LeaseAnswer;
      });
    }
    settlePositions(versions, head);
    return {
      answers,
      snapshotOf: (wanted: readonly string[]) => snapshotOf(wanted, versions, head),
    };
  }

  /** All round trips of one step share one time limit. */
  async function sendBeforeLog(leading: readonly Command[], usedMs: number, onSend?: OnSend) {
    const reading = log.readCommand();
    const all = [...leading, reading.command];
    onSend?.(connection.limitMsFor(all));
    const used = beginTrip(connection, all, usedMs);
    const replies = await connection.sendAll(all, usedMs);
    return {
      head: reading.headOf(accepted(replies.at(-1))),
      replies: replies.slice(0, -1),
      usedMs: used(),
    };
  }

  /** In the background: whoever meets such a version later may do the same with the position read then. */
  function settlePositions(versions: ReadonlyMap<string, TagVersion>, head: Position): void {
    const positions = [...versions]
      .filter(([, { position }]) => position?.epoch !== head.epoch)
      .map(([tag, { nonce }]) =>
        evaluate(scripts.positionTag, [keys.tag(tag)], nonce, writeLogPosition(head)),
      );
    if (positions.length > 0) connection.sendAll(positions).catch(() => {});
  }

  return claim;
}

/** The last of the mark and the evictions that gave the tags their versions. */
function latestOf(
  mark: Position,
  tags: readonly string[],
  versions: ReadonlyMap<string, TagVersion>,
): Position {
  let latest = mark;
  for (const tag of tags) {
    const version = versions.get(tag);
    if (version?.kind === "evicted" && isPast(version.position, latest)) latest = version.position;
  }
  return latest;
}

function snapshotOf(
  tags: readonly string[],
  versions: ReadonlyMap<string, TagVersion>,
  head: Position,
): Snapshot {
  const nonces = new Map<string, Nonce>();
  const floors = new Map<string, Position>();
  for (const tag of tags) {
    const { nonce, position } = versions.get(tag) as TagVersion;
    nonces.set(tag, nonce);
    floors.set(tag, position?.epoch === head.epoch ? position : head);
  }
  return { nonces, floors, head };
}

function claimedVersion(reply: unknown): TagVersion {
  const version = readTagVersion(String(accepted(reply)));
  if (!version) throw new StoreError(`A tag's version must be readable, but is: ${String(reply)}`);
  return version;
}
