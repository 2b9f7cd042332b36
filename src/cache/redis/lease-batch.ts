import { StoreError } from "../errors.js";
import { lastOf, type Position } from "../position.js";
import { randomId } from "../random.js";
import type { LeaseGrant, LeaseRequest, Nonce, Snapshot } from "../store.js";
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

  async function flush(items: Wanted[]): Promise<void> {
    // A lease is marked with where the log stood, so a process that has not heard of the log yet asks first.
    const position = log.known ?? (await log.read());
    const leases = items.map(({ request }) => leaseCommand(request, position));
    const tags = [...new Set(items.flatMap(({ request }) => request.tags))];
    // Asked behind the leases: what is deleted or pinned after that voids them. On a cluster, where they may be on
    // another node and overtake, that takes a second round trip.
    const asked = [
      ...asking(items, "asksDeletion", keys.deletion),
      ...asking(items, "asksPin", keys.pin),
    ];
    const questions = asked.map((name): Command => ["get", name]);
    const batch = connection.isCluster ? leases : [...leases, ...questions];
    const { replies, snapshotOf } = await claim(tags, batch);
    const late = connection.isCluster && asked.length > 0;
    const found = late ? await connection.sendAll(questions) : replies.slice(leases.length);
    const answers = new Map(asked.map((name, at) => [name, found[at]]));
    items.forEach(({ request, resolve, reject }, index) => {
      const reply = replies[index];
      const deletion = request.asksDeletion && answers.get(keys.deletion(request.key));
      const pin = request.asksPin && answers.get(keys.pin(request.key));
      const failure = [reply, deletion, pin].find((one) => one instanceof StoreError);
      if (failure) reject(failure);
      else if (reply !== 1) resolve(REFUSED);
      else {
        const deletedAt = deletion ? readLogPosition(String(deletion)) : undefined;
        const snapshot = { ...snapshotOf(request.tags), deletedAt };
        resolve({ taken: true, snapshot, pinned: pin ? readPin(pin) : undefined });
      }
    });
  }

  /**
   * Sees to it that every tag has a version, then takes the leases, then reads the log: in this order, in one round
   * trip. What position an unpositioned version stands for is told by a log read after the version existed; on a
   * cluster, where the log may be on another node and overtake, that takes a second round trip.
   */
  async function claim(tags: readonly string[], leases: readonly Command[]) {
    const reading = log.readCommand();
    const proposals = tags.map((tag) =>
      evaluate(scripts.claimTag, [keys.tag(tag)], createdVersion(randomId()), claimMs),
    );
    const replies = await connection.sendAll([...proposals, ...leases, reading.command]);
    const versions = new Map(tags.map((tag, index) => [tag, claimedVersion(replies[index])]));
    let head = reading.headOf(accepted(replies.at(-1)));
    const isOpen = ({ position }: TagVersion) => position?.epoch !== head.epoch;
    if (connection.isCluster && [...versions.values()].some(isOpen)) head = await log.read();
    settlePositions(versions, head);
    return {
      replies: replies.slice(tags.length, -1),
      snapshotOf: (wanted: readonly string[]) => snapshotOf(wanted, versions, head),
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

  function leaseCommand(request: LeaseRequest, position: Position): Command {
    const { key, token, leaseMs, over, overHeld, outlastsEvictions } = request;
    const seen = over === "any" ? "*" : over;
    return evaluate(
      scripts.takeLease,
      [keys.entry(key)],
      token,
      leaseMs,
      writePosition(outlastsEvictions ? lastOf(position) : position),
      seen,
      overHeld ? 1 : 0,
    );
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

/** The names to be asked for, each once. */
function asking(
  items: readonly Wanted[],
  what: "asksDeletion" | "asksPin",
  nameOf: (key: string) => string,
): Set<string> {
  const wanted = items.filter(({ request }) => request[what]);
  return new Set(wanted.map(({ request }) => nameOf(request.key)));
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
