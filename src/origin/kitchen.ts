import type { Database, Queryable } from "./database.js";
import { NotFoundError, TicketCompletedError, TicketNotClaimedError } from "./errors.js";
import { isOrderId, orderById, orderColumns } from "./orders.js";
import type { KitchenTicketRow, OrderRow } from "./rows.js";

const channel = "kitchen_tickets";

const ticketColumns = `ticket.order_id::text AS "orderId", "order".customer_id AS "customerId", "order".status,
  ticket.priority, ticket.queued_at AS "queuedAt", ticket.station, ticket.started_at AS "startedAt"`;
const ticketOfOrder =
  'kitchen_tickets AS ticket JOIN orders AS "order" ON "order".id = ticket.order_id';

/** Queues an order's ticket, in the transaction that places the order. */
export async function openTicket(tx: Queryable, orderId: string): Promise<void> {
  await tx.query("INSERT INTO kitchen_tickets (order_id) VALUES ($1)", [orderId]);
  await tell(tx, await ticketsByOrderIds(tx, [orderId]));
}

export function ticketsByOrderIds(
  database: Queryable,
  orderIds: readonly string[],
): Promise<KitchenTicketRow[]> {
  return database.query<KitchenTicketRow>(
    `SELECT ${ticketColumns} FROM ${ticketOfOrder} WHERE ticket.order_id = ANY($1::bigint[])`,
    [orderIds.filter(isOrderId)],
  );
}

/** Tickets that wait for a station, by their orders' ids, `limit` of them after the id `after`. */
export function waitingTickets(
  database: Queryable,
  { after = "0", limit }: { after?: string; limit: number },
): Promise<KitchenTicketRow[]> {
  return database.query<KitchenTicketRow>(
    `SELECT ${ticketColumns} FROM ${ticketOfOrder}
     WHERE "order".status = 'PENDING' AND "order".id > $1::bigint ORDER BY "order".id LIMIT $2`,
    [after, limit],
  );
}

/**
 * Gives a ticket that waits to a station, which must complete it within `deadlineSeconds`. Of many that ask for one,
 * one is given it: the row says who, whatever the queue said.
 *
 * @returns undefined when it does not wait any more.
 */
export async function claimTicket(
  database: Database,
  claim: { orderId: string; station: string; deadlineSeconds: number },
): Promise<KitchenTicketRow | undefined> {
  return database.transaction(async (tx) => {
    const [ticket] = await tx.query<KitchenTicketRow>(
      `WITH "order" AS (
         UPDATE orders SET status = 'PREPARING' WHERE id = $1 AND status = 'PENDING'
         RETURNING id, customer_id, status
       )
       UPDATE kitchen_tickets AS ticket
       SET station = $2, started_at = now(), claimed_until = now() + make_interval(secs => $3)
       FROM "order" WHERE "order".id = ticket.order_id RETURNING ${ticketColumns}`,
      [claim.orderId, claim.station, claim.deadlineSeconds],
    );
    if (ticket === undefined) return undefined;
    await tell(tx, [ticket]);
    await tx.changed({ orderIds: [ticket.orderId], customerIds: [ticket.customerId] });
    return ticket;
  });
}

/**
 * Makes an order ready.
 *
 * @throws NotFoundError, TicketNotClaimedError while it waits, TicketCompletedError from the second time on.
 */
export async function completeTicket(database: Database, orderId: string): Promise<OrderRow> {
  if (!isOrderId(orderId)) throw new NotFoundError("order", orderId);
  return database.transaction(async (tx) => {
    const [order] = await tx.query<OrderRow>(
      `UPDATE orders SET status = 'READY', ready_at = now() WHERE id = $1 AND status = 'PREPARING'
       RETURNING ${orderColumns}`,
      [orderId],
    );
    if (order === undefined) throw await whyNot(tx, orderId);
    await tx.query("UPDATE kitchen_tickets SET claimed_until = NULL WHERE order_id = $1", [
      orderId,
    ]);
    await tell(tx, await ticketsByOrderIds(tx, [orderId]));
    await tx.changed({ orderIds: [order.id], customerIds: [order.customerId] });
    return order;
  });
}

/**
 * Changes a ticket's place in the queue: the highest priority is first. That of a claimed one counts if it is given back.
 *
 * @throws NotFoundError, TicketCompletedError.
 */
export async function setTicketPriority(
  database: Database,
  orderId: string,
  priority: number,
): Promise<KitchenTicketRow> {
  if (!isOrderId(orderId)) throw new NotFoundError("order", orderId);
  return database.transaction(async (tx) => {
    // The order is locked, and so read anew: whoever claims or completes the ticket meanwhile changes both rows, and an
    // UPDATE that waited for the ticket's alone would tell of its new one with the order's old status.
    const [ticket] = await tx.query<KitchenTicketRow>(
      `WITH "order" AS (
         SELECT id, customer_id, status FROM orders WHERE id = $1 AND status <> 'READY' FOR SHARE
       )
       UPDATE kitchen_tickets AS ticket SET priority = $2
       FROM "order" WHERE "order".id = ticket.order_id RETURNING ${ticketColumns}`,
      [orderId, priority],
    );
    if (ticket === undefined) throw await whyNot(tx, orderId);
    await tell(tx, [ticket]);
    return ticket;
  });
}

/** Gives back the tickets of stations that let their deadline pass, `limit` at the most. */
export async function giveBackOverdue(
  database: Database,
  limit: number,
): Promise<KitchenTicketRow[]> {
  return database.transaction(async (tx) => {
    // Both rows are locked, and so read anew: between our snapshot and the lock another process may have given the
    // ticket back and another station claimed it.
    const tickets = await tx.query<KitchenTicketRow>(
      `WITH overdue AS (
         SELECT ticket.order_id FROM ${ticketOfOrder}
         WHERE ticket.claimed_until < now() AND "order".status = 'PREPARING'
         ORDER BY ticket.claimed_until LIMIT $1 FOR UPDATE SKIP LOCKED
       ), "order" AS (
         UPDATE orders SET status = 'PENDING' FROM overdue WHERE orders.id = overdue.order_id
         RETURNING orders.id, orders.customer_id, orders.status
       )
       UPDATE kitchen_tickets AS ticket SET station = NULL, started_at = NULL, claimed_until = NULL
       FROM "order" WHERE "order".id = ticket.order_id RETURNING ${ticketColumns}`,
      [limit],
    );
    await tell(tx, tickets);
    const orderIds = tickets.map((ticket) => ticket.orderId);
    const customerIds = [...new Set(tickets.map((ticket) => ticket.customerId))];
    await tx.changed({ orderIds, customerIds });
    return tickets;
  });
}

/**
 * Tells of every ticket that is queued, claimed, given back, completed or given a priority, as it was then.
 * Resolves, once it listens, with how to stop.
 */
export function listenToTickets(
  database: Pick<Database, "listen">,
  on: { ticket(ticket: KitchenTicketRow): void; lost(error?: Error): void },
): Promise<() => Promise<void>> {
  return database.listen(channel, {
    notify: (payload) => {
      if (payload !== undefined) on.ticket(parseTicket(payload));
    },
    lost: on.lost,
  });
}

/** Heard by everybody who listens, once the transaction is committed. */
async function tell(tx: Queryable, tickets: readonly KitchenTicketRow[]): Promise<void> {
  if (tickets.length === 0) return;
  await tx.query("SELECT pg_notify($1, ticket) FROM unnest($2::text[]) AS ticket", [
    channel,
    tickets.map((ticket) => JSON.stringify(ticket)),
  ]);
}

function parseTicket(payload: string): KitchenTicketRow {
  const { queuedAt, startedAt, ...ticket } = JSON.parse(payload);
  return {
    ...ticket,
    queuedAt: new Date(queuedAt),
    startedAt: startedAt === null ? null : new Date(startedAt),
  };
}

async function whyNot(tx: Queryable, orderId: string) {
  const order = await orderById(tx, orderId);
  if (order === undefined) return new NotFoundError("order", orderId);
  return order.status === "READY"
    ? new TicketCompletedError(orderId)
    : new TicketNotClaimedError(orderId);
}
