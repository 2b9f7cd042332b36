import type { Queryable } from "../origin/database.js";
import { ticketsByOrderIds, waitingTickets } from "../origin/kitchen.js";
import type { KitchenTicketRow } from "../origin/rows.js";
import type { Storage } from "../storage/index.js";

/**
 * The tickets that wait for a station, the highest priority first and first come first served within one: a sorted set
 * that follows the rows of PostgreSQL.
 *
 * It may for a moment name a ticket that waits no more, or lack one: whoever takes a ticket out asks its row, and
 * `follow` and `repair` bring back what should be there. All reject with StorageUnavailableError.
 */
export interface KitchenQueue {
  /** Takes the first out. Undefined when there is none. */
  pop(): Promise<string | undefined>;
  /** Ids of orders, `count` after the first `offset`. */
  page(offset: number, count: number): Promise<string[]>;
  /** After a commit that changed these tickets, given as they were then: the queue becomes as their rows are. */
  follow(tickets: readonly KitchenTicketRow[]): Promise<void>;
  /** Compares all of it with the rows, and puts right what differs: it may have been lost, whole or in part. */
  repair(): Promise<void>;
  /** False where it was lost, or never built: `repair` builds it. */
  isBuilt(): Promise<boolean>;
}

export interface KitchenQueueOptions {
  storage: Storage;
  database: Queryable;
}

const pageSize = 1_000;

export function createKitchenQueue({ storage, database }: KitchenQueueOptions): KitchenQueue {
  const queue = storage.sortedSet("kitchen-queue", { ties: "ascending" });
  /** There as long as the queue is whole: a server that was emptied has neither. */
  const marks = storage.hash("kitchen-queue-built", {});

  async function write(tickets: readonly KitchenTicketRow[]): Promise<void> {
    const waiting = tickets.filter(isWaiting);
    const others = tickets.filter((ticket) => !isWaiting(ticket));
    if (waiting.length > 0) {
      await queue.set(new Map(waiting.map((ticket) => [toMember(ticket), ticket.priority])));
    }
    await queue.remove(others.map(toMember));
  }

  /**
   * Two that follow one ticket may write in another order than they committed, but each looks again after it wrote:
   * whoever wrote last has seen what was committed last.
   */
  async function follow(tickets: readonly KitchenTicketRow[]): Promise<void> {
    let current = tickets;
    while (current.length > 0) {
      const written = new Map(current.map((ticket) => [ticket.orderId, ticket]));
      await write(current);
      const after = await ticketsByOrderIds(database, [...written.keys()]);
      current = after.filter((ticket) => !isPlacedAlike(ticket, written.get(ticket.orderId)));
    }
  }

  async function bringIn(): Promise<void> {
    for (let after = "0"; ; ) {
      const tickets = await waitingTickets(database, { after, limit: pageSize });
      const scores = await queue.scores(tickets.map(toMember));
      await follow(tickets.filter((ticket, i) => scores[i] !== ticket.priority));
      const last = tickets.at(-1);
      if (last === undefined || tickets.length < pageSize) return;
      after = last.orderId;
    }
  }

  /**
   * From the last to the first: what goes meanwhile, thrown out here or taken by a station, brings none that was not
   * looked at among those that were.
   */
  async function throwOut(): Promise<void> {
    for (let end = await queue.count(); end > 0; end -= pageSize) {
      const offset = Math.max(0, end - pageSize);
      const page = await queue.range({ offset, count: end - offset });
      const members = page.map(({ member }) => member);
      const tickets = await ticketsByOrderIds(database, members.map(toOrderId));
      const known = new Set(tickets.map(toMember));
      await queue.remove(members.filter((member) => !known.has(member)));
      await follow(tickets.filter((ticket) => !isWaiting(ticket)));
    }
  }

  return {
    async pop() {
      const [first] = await queue.pop();
      return first && toOrderId(first.member);
    },
    async page(offset, count) {
      return (await queue.range({ offset, count })).map(({ member }) => toOrderId(member));
    },
    follow,
    async repair() {
      await bringIn();
      await throwOut();
      await marks.create("all", {});
    },
    isBuilt: async () => (await marks.get("all")) !== undefined,
  };
}

function isWaiting({ status }: KitchenTicketRow): boolean {
  return status === "PENDING";
}

function isPlacedAlike(a: KitchenTicketRow, b: KitchenTicketRow | undefined): boolean {
  return b !== undefined && isWaiting(a) === isWaiting(b) && a.priority === b.priority;
}

/** Of one length each, so that their order as text is that of their times, and then of their ids. */
function toMember({ queuedAt, orderId }: KitchenTicketRow): string {
  return `${String(queuedAt.getTime()).padStart(15, "0")}-${orderId.padStart(18, "0")}`;
}

function toOrderId(member: string): string {
  return member.slice(16).replace(/^0+/, "");
}
