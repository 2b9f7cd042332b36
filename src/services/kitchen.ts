import type { Database } from "../origin/database.js";
import {
  claimTicket,
  completeTicket,
  giveBackOverdue,
  setTicketPriority,
  ticketsByOrderIds,
} from "../origin/kitchen.js";
import type { KitchenTicketRow, OrderRow } from "../origin/rows.js";
import { isStorable } from "../origin/text.js";
import { type Storage, StorageUnavailableError } from "../storage/index.js";
import { BadInputError, KitchenUnavailableError } from "./errors.js";
import { createKitchenQueue } from "./kitchen-queue.js";

/**
 * The kitchen's tickets: each waits in the queue, is claimed by a station and completed, or given back when its station
 * let the deadline pass. PostgreSQL decides who has a ticket; the queue in the storage, which follows it, who is asked
 * next, so that stations need not meet at one row.
 */
export interface Kitchen {
  /** The first tickets that wait, in the order in which they are claimed. @throws KitchenUnavailableError */
  waiting(first: number): Promise<KitchenTicketRow[]>;
  /**
   * The first ticket that waits, for this station alone; null when none waits.
   * @throws BadInputError, KitchenUnavailableError
   */
  claimNext(station: string): Promise<KitchenTicketRow | null>;
  /** @throws BadInputError, and what the origin's `setTicketPriority` throws */
  setPriority(orderId: string, priority: number): Promise<KitchenTicketRow>;
  /** @throws what the origin's `completeTicket` throws */
  complete(orderId: string): Promise<OrderRow>;
  /** After an order has been committed. Never fails because of the storage: its ticket is queued when that is back. */
  queue(orderId: string): Promise<void>;
  /**
   * Gives back what is overdue, and puts the queue right where it lacks something.
   * @throws KitchenUnavailableError, once what is overdue is given back
   */
  tend(): Promise<void>;
}

export interface KitchenOptions {
  storage: Storage;
  database: Database;
  /** How long a station has for a ticket, before it counts as gone. Default 900. */
  deadlineSeconds?: number | undefined;
}

export const MAX_PRIORITY = 1_000_000;
const MAX_STATION_LENGTH = 100;
/** Tickets given back in one transaction. */
const BATCH = 100;

export function createKitchen(options: KitchenOptions): Kitchen {
  const { storage, database, deadlineSeconds = 900 } = options;
  const queue = createKitchenQueue({ storage, database });
  let repairing: Promise<void> | undefined;

  /** One at a time in this process; those of several processes do no harm to each other. */
  function repair(): Promise<void> {
    repairing ??= queue.repair().finally(() => {
      repairing = undefined;
    });
    return repairing;
  }

  async function claimNext(station: string): Promise<KitchenTicketRow | null> {
    for (;;) {
      const [orderId, isBuilt] = await Promise.all([queue.pop(), queue.isBuilt()]);
      if (!isBuilt) {
        // What is there may be less than waits, and what was taken out of it not the first. It goes back by itself,
        // since a repair that has begun may have seen it in its place.
        if (orderId !== undefined) await queue.follow(await ticketsByOrderIds(database, [orderId]));
        await repair();
        continue;
      }
      if (orderId === undefined) return null;
      const ticket = await claimTicket(database, { orderId, station, deadlineSeconds });
      // One that waits no more is of a queue that trails its row: the next, then.
      if (ticket !== undefined) return ticket;
    }
  }

  async function waiting(first: number): Promise<KitchenTicketRow[]> {
    if (!(await queue.isBuilt())) await repair();
    const found: KitchenTicketRow[] = [];
    for (let offset = 0; found.length < first; offset += first) {
      const orderIds = await queue.page(offset, first);
      if (orderIds.length === 0) break;
      const tickets = await ticketsByOrderIds(database, orderIds);
      const byId = new Map(tickets.map((ticket) => [ticket.orderId, ticket]));
      const rows = orderIds.map((id) => byId.get(id));
      found.push(...rows.filter((row) => row?.status === "PENDING").map((row) => row!));
    }
    return found.slice(0, first);
  }

  /** The rows say what happened: a queue that is away is put right later. */
  async function follow(tickets: readonly KitchenTicketRow[]): Promise<void> {
    try {
      await queue.follow(tickets);
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
    }
  }

  async function giveBack(): Promise<void> {
    for (;;) {
      const tickets = await giveBackOverdue(database, BATCH);
      await follow(tickets);
      if (tickets.length < BATCH) return;
    }
  }

  return {
    waiting: (first) => needsQueue(() => waiting(first)),
    async claimNext(station) {
      const name = checkStation(station);
      return needsQueue(() => claimNext(name));
    },
    async setPriority(orderId, priority) {
      checkPriority(priority);
      const ticket = await setTicketPriority(database, orderId, priority);
      await follow([ticket]);
      return ticket;
    },
    complete: (orderId) => completeTicket(database, orderId),
    queue: async (orderId) => follow(await ticketsByOrderIds(database, [orderId])),
    async tend() {
      await giveBack();
      await needsQueue(repair);
    },
  };
}

/** Says of a storage out of reach what it means to the kitchen. */
async function needsQueue<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StorageUnavailableError) throw new KitchenUnavailableError(error);
    throw error;
  }
}

function checkStation(station: string): string {
  const name = station.trim();
  if (name.length >= 1 && name.length <= MAX_STATION_LENGTH && isStorable(name)) return name;
  throw new BadInputError(
    `A station's name must have 1 to ${MAX_STATION_LENGTH} characters, well-formed and none of them NUL; ${name.length} came.`,
  );
}

function checkPriority(priority: number): void {
  if (Number.isInteger(priority) && Math.abs(priority) <= MAX_PRIORITY) return;
  throw new BadInputError(
    `priority must be a whole number from -${MAX_PRIORITY} to ${MAX_PRIORITY}, but ${priority} came.`,
  );
}
