import type { Redis } from "ioredis";
import { keySlot } from "../../key-slot.js";
import { asStoreError } from "./reply-error.js";
import { within } from "./within.js";

/** Where the slots of a cluster lie, as each of some masters tells of itself. */
export interface SlotMap {
  /** The same text, the same masters with the same slots. */
  readonly text: string;
  /** True while a slot is on its way. */
  readonly isMoving: boolean;
  /** A master that takes a slot has the greatest epoch, or gives itself one: a slot that moves twice makes it grow. */
  readonly epoch: number;
  /** For each master that is not among those asked, and has keys or is being given them, one slot that leads there. */
  readonly slotsElsewhere: readonly number[];
}

/** undefined where the servers do not let us ask. */
export async function readSlotMap(
  masters: readonly Redis[],
  limitMs: number,
): Promise<SlotMap | undefined> {
  const texts = await within(limitMs, Promise.all(masters.map(nodesSeenBy)));
  if (texts.includes(undefined)) return undefined;
  const nodes = texts.flatMap((text) => readNodes(text ?? ""));
  const own = nodes.filter(({ flags }) => flags.includes("myself"));
  const asked = new Set(own.map(({ id }) => id));
  const elsewhere = new Map<string, number>();
  for (const { id, slots } of nodes) {
    for (const range of slots) {
      // `0-5460`, or `[93->-<id>]` for a slot on its way from here and `[93-<-<id>]` for one on its way here.
      const [, leaving, to] = /^\[(\d+)->-(\w+)\]$/.exec(range) ?? [];
      const [owner, slot] = to ? [to, Number(leaving)] : [id, Number.parseInt(range, 10)];
      if (!asked.has(owner) && slot >= 0) elsewhere.set(owner, slot);
    }
  }
  return {
    text: own
      .map(({ id, epoch, slots }) => [id, epoch, ...slots].join(" "))
      .sort()
      .join("\n"),
    isMoving: own.some(({ slots }) => slots.some((range) => range.startsWith("["))),
    epoch: Math.max(0, ...own.map(({ epoch }) => epoch)),
    slotsElsewhere: [...elsewhere.values()],
  };
}

const namesBySlot = new Map<number, string>();

/** The first number that is a name in the slot, which takes some milliseconds to find the first time. */
export function nameIn(slot: number): string {
  for (let n = 0; !namesBySlot.has(slot); n += 1) {
    if (keySlot(String(n)) === slot) namesBySlot.set(slot, String(n));
  }
  return namesBySlot.get(slot) as string;
}

async function nodesSeenBy(server: Redis): Promise<string | undefined> {
  try {
    return String(await server.cluster("NODES"));
  } catch (error) {
    if (error instanceof Error && error.name === "ReplyError") return undefined;
    throw asStoreError(error);
  }
}

/** A line each: `<id> <address> <flags> <master's id> <ping> <pong> <epoch> <link> <slots> …`. */
function readNodes(text: string) {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [id = "", , flags = "", , , , epoch, , ...slots] = line.split(" ");
      return { id, flags: flags.split(","), epoch: Number(epoch), slots };
    });
}
