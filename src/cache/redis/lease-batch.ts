import { StoreError } from "../errors.js";
import { isPast, lastOf, type Position } from "../position.js";
import { randomId } from "../random.js";
import type { LeaseGrant, LeaseRequest, Nonce, Snapshot, Token } from "../store.js";
import { createTickBatch } from "../tick-batch.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import { readPin } from "./pins.js";
import { writePosition } from "./record.js";
import { scripts } from "./scripts.js";
import {
  createdVersion,
  readLogPosition,
  readTagVersion,
  type TagVersion,
  writeLogPosition,
} from "./tag-version.js";

export interface LeaseStep {
  /** Lease and snapshot in one round trip; those of one tick share it and settle together. */
  take(request: LeaseRequest): Promise<LeaseGrant>;
  /** The snapshot alone, for tags known only from a result. */
  snapshot(tags: readonly string[]): Promise<Snapshot>;
}

interface Wanted {
  readonly request: LeaseRequest;
  resolve(grant: LeaseGrant): void;
  reject(error: unknown): void;
}

/** A lease as asked for, with the place in the log that it shall name. */
interface Marked {
  readonly request: LeaseRequest;
  readonly mark: Position;
}

/** What became of a lease, under the token that it was asked for with last. */
interface Answer {
  readonly token: Token;
  readonly lease: unknown;
  /** Where they were asked for. */
  readonly deletion?: unknown;
  readonly pin?: unknown;
}

export function createLeaseStep(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  claimMs: number,
): LeaseStep {
  const enqueue = createTickBatch<Wanted>((items) => {
    flush(items).catch((error) => {
      for (const { reject } of items) reject(error);
    });
  });

  async function flush(wanted: Wanted[]): Promise<void> {
    const items = wanted.filter(({ request: { key, tags }, reject }) => {
      const refusal = connection.refusal([keys.log, keys.entry(key), ...tags.map(keys.tag)]);
      if (refusal) reject(refusal);
      return !refusal;
    });
    if (items.length === 0) return;
    const requests = items.map(({ request }) => request);
    const tags = [...new Set(requests.flatMap((request) => request.tags))];
    // A lease is marked with where the log stood, so a process that has not heard of the log yet asks first.
    const askedAt = performance.now();
    const mark = log.known ?? (await log.read());
    const usedMs = performance.now() - askedAt;
    const asked = requests.map((request) => ({ request, mark }));
    const { answers, snapshotOf } = await claim(tags, asked, usedMs);
    items.forEach(({ request, resolve, reject }, index) => {
      const { token, lease, deletion, pin } = answers[index] as Answer;
      const failure = [lease, deletion, pin].find((reply) => reply instanceof StoreError);
      if (failure) reject(failure);
      else if (!isGranted(lease)) resolve(REFUSED);
      else {
        const deletedAt = readLogPosition(String(deletion ?? ""));
        const snapshot = { ...snapshotOf(request.tags), deletedAt };
        resolve({ taken: true, token, snapshot, pinned: readPin(pin ?? lease) });
      }
    });
  }

  /**
   * Sees to it that every tag has a version, then takes the leases, then reads the log: in this order, in one round
   * trip. What position an unpositioned version stands for is told by a log read after the version existed; on a
   * cluster, where the log may be on another node and overtake, that takes a second round trip.
   *
   * A lease may look doomed that is not: its mark may be behind an eviction that its snapshot has, and on a cluster it
   * may have been seen before the version of one of its tags. Such a one is taken anew, under another token: whoever
   * judged the first cannot take over the second, and whoever took over the first keeps it.
   */
  async function claim(tags: readonly string[], asked: readonly Marked[], usedMs = 0) {
    const proposals = tags.map((tag) =>
      evaluate(scripts.claimTag, [keys.tag(tag)], createdVersion(randomId()), claimMs),
    );
    const first = await sendBeforeLog([...proposals, ...asked.flatMap(commandsOf)], usedMs);
    const versions = new Map(tags.map((tag, index) => [tag, claimedVersion(first.replies[index])]));
    const answers = answersOf(asked, first.replies.slice(tags.length), connection.isCluster);
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
      const second = await sendBeforeLog(again.flatMap(commandsOf), first.usedMs).catch((error) => {
        // Whether they were taken, nobody knows.
        connection.sendAll(again.map(releaseCommand)).catch(() => {});
        throw error;
      });
      head = second.head;
      const anew = answersOf(again, second.replies, connection.isCluster);
      again.forEach(({ index }, place) => {
        answers[index] = anew[place] as Answer;
      });
    }
    settlePositions(versions, head);
    return {
      answers,
      snapshotOf: (wanted: readonly string[]) => snapshotOf(wanted, versions, head),
    };
  }

  /** All round trips of one step share one time limit. */
  async function sendBeforeLog(commands: readonly Command[], usedMs: number) {
    const reading = log.readCommand();
    const sentAt = performance.now();
    const replies = await connection.sendAll([...commands, reading.command], usedMs);
    return {
      head: reading.headOf(accepted(replies.at(-1))),
      replies: replies.slice(0, -1),
      usedMs: usedMs + performance.now() - sentAt,
    };
  }

  /** In the background: whoever meets such a version later may do the same with the position read then. */
  function settlePositions(versions: ReadonlyMap<string, TagVersion>, head: Position): void {
    const commands = [...versions]
      .filter(([, { position }]) => position?.epoch !== head.epoch)
      .map(([tag, { nonce }]) =>
        evaluate(scripts.positionTag, [keys.tag(tag)], nonce, writeLogPosition(head)),
      );
    if (commands.length > 0) connection.sendAll(commands).catch(() => {});
  }

  function commandsOf({ request, mark }: Marked): Command[] {
    const { key, token, leaseMs, over, overHeld, asksDeletion, outlastsEvictions } = request;
    const asksPin = request.asksPin === true;
    const lease = evaluate(
      scripts.takeLease,
      asksPin && !connection.isCluster ? [keys.entry(key), keys.pin(key)] : [keys.entry(key)],
      token,
      leaseMs,
      writePosition(outlastsEvictions ? lastOf(mark) : mark),
      over === "any" ? "*" : over,
      overHeld ? 1 : 0,
    );
    // Asked behind the lease, of the same server: what is deleted or put after that voids it.
    const commands: Command[] = [lease];
    if (asksDeletion) commands.push(["get", keys.deletion(key)]);
    // A pin costs those who use no `writeBehind` nothing worth counting: the script that takes the lease looks for it.
    // On a cluster it is a command of its own, in the lease's slot and round trip: a script for two keys would be
    // refused while their slot moves.
    if (asksPin && connection.isCluster) commands.push(["get", keys.pin(key)]);
    return commands;
  }

  function releaseCommand({ request: { key, token } }: Marked): Command {
    return evaluate(scripts.releaseLease, [keys.entry(key)], token, 0, keys.wake(key));
  }

  return {
    take: (request) =>
      new Promise((resolve, reject) => {
        enqueue({ request, resolve, reject });
      }),
    async snapshot(tags) {
      const { snapshotOf } = await claim(tags, []);
      return snapshotOf(tags);
    },
  };
}

const REFUSED: LeaseGrant = { taken: false };

/** 1, or the pin that the lease's script found. */
function isGranted(lease: unknown): boolean {
  return lease === 1 || Buffer.isBuffer(lease);
}

function answersOf(
  asked: readonly Marked[],
  replies: readonly unknown[],
  isCluster: boolean,
): Answer[] {
  let at = 0;
  return asked.map(({ request: { token, asksDeletion, asksPin } }) => ({
    token,
    lease: replies[at++],
    deletion: asksDeletion ? replies[at++] : undefined,
    pin: asksPin && isCluster ? replies[at++] : undefined,
  }));
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

function accepted(reply: unknown): unknown {
  if (reply instanceof StoreError) throw reply;
  return reply;
}
