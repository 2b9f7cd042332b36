import { setTimeout as pause } from "node:timers/promises";
import { type EntryDraft, lifeMs, type Nonce } from "../entry.js";
import { type Command, type Connection, evaluate } from "./connection.js";
import type { Keys } from "./keys.js";
import { isSlotOnTheMove } from "./reply-error.js";
import { scripts } from "./scripts.js";

/** Longer keys have a set at once: whoever reads a tag's version reads what stands in it. */
const LONGEST_ONLY_KEY_BYTES = 128;
/** Smaller sets go with their tag; of larger ones a few members are looked after with each that comes. */
const SAMPLED_FROM = 16;
const SAMPLE = 2;

/** Some seconds: as long as a slot takes, and within the life that its lease gives a tag that nothing is filed under. */
const ATTEMPTS = 20;
const AGAIN_AFTER_MS = 250;

export interface Filed {
  readonly key: string;
  readonly draft: EntryDraft;
}

/** An entry in the index of one generation of a tag. */
interface Member {
  readonly key: string;
  readonly tag: string;
  readonly nonce: Nonce;
  readonly lifeMs: number;
}

/** Files committed entries under their tags. The index serves to free what is invalid, never to tell what is. */
export function createFiling(
  connection: Connection,
  keys: Keys,
): (filed: readonly Filed[]) => Promise<void> {
  const indexOf = ({ tag, nonce }: Member) => keys.indexBase(tag) + nonce;

  /** A tag whose slot is on its way to another server cannot be filed under until it has come. */
  async function fileInTime(members: readonly Member[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await file(members);
      } catch (error) {
        if (attempt === ATTEMPTS || !isSlotOnTheMove(error)) throw error;
      }
      await pause(AGAIN_AFTER_MS, undefined, { ref: false });
    }
  }

  async function file(members: readonly Member[]): Promise<void> {
    const replies = await connection.sendAll(members.map(fileCommand));
    const onTheMove = replies.find(isSlotOnTheMove);
    if (onTheMove) throw onTheMove;
    const moved = members.filter((_, index) => replies[index] === 0);
    const sample = members.flatMap((member, index) => {
      const reply = replies[index];
      return Array.isArray(reply) ? reply.map((name) => ({ ...member, key: String(name) })) : [];
    });
    if (moved.length > 0) await connection.sendAll(moved.map(freeCommand));
    if (sample.length > 0) await lookAfter(sample);
  }

  /**
   * An index shrinks as its entries expire: two of its members are looked at for each that comes, so those whose
   * entries are gone stay fewer than those whose are not.
   */
  async function lookAfter(sample: readonly Member[]): Promise<void> {
    const gone = await missing(sample);
    if (gone.length === 0) return;
    await connection.sendAll(gone.map((member) => ["srem", indexOf(member), member.key]));
    // One that was filled again between the look and its removal is filed again, by whomever.
    const isGone = new Set(await missing(gone));
    const back = gone.filter((member) => !isGone.has(member));
    if (back.length > 0) await connection.sendAll(back.map(fileCommand));
  }

  async function missing(members: readonly Member[]): Promise<Member[]> {
    const replies = await connection.sendAll(
      members.map(({ key }): Command => ["exists", keys.entry(key)]),
    );
    return members.filter((_, index) => replies[index] === 0);
  }

  function fileCommand(member: Member): Command {
    return evaluate(
      scripts.fileEntry,
      [keys.tag(member.tag), indexOf(member)],
      member.nonce,
      member.key,
      member.lifeMs,
      LONGEST_ONLY_KEY_BYTES,
      SAMPLED_FROM,
      SAMPLE,
    );
  }

  function freeCommand({ key, nonce }: Member): Command {
    return evaluate(scripts.freeEntries, [keys.entry(key)], nonce);
  }

  return (filed) => fileInTime(filed.flatMap(membersOf));
}

function membersOf({ key, draft }: Filed): Member[] {
  const life = Math.ceil(lifeMs(draft));
  return draft.tags.map((tag, index) => ({
    key,
    tag,
    nonce: draft.nonces[index] as Nonce,
    lifeMs: life,
  }));
}
