import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import type { Database } from "../../src/origin/database.js";
import { TicketCompletedError } from "../../src/origin/errors.js";
import {
  claimTicket,
  completeTicket,
  listenToTickets,
  setTicketPriority,
} from "../../src/origin/kitchen.js";
import { placeOrder } from "../../src/origin/place-order.js";
import type { KitchenTicketRow } from "../../src/origin/rows.js";
import { databaseKinds, type FreshDatabase, freshDatabase } from "../support/database.js";
import { createGate } from "../support/gate.js";

// The embedded database has one connection, on which nobody waits for another's row.
describe.runIf(databaseKinds.includes("postgres"))("a ticket that is given a priority", () => {
  let fresh: FreshDatabase;
  let orderId: string;
  let told: KitchenTicketRow[];
  let stop: () => Promise<void>;
  beforeEach(async () => {
    fresh = await freshDatabase({ kind: "postgres" });
    const ada = { name: "Ada", email: "ada@example.org", passwordHash: null };
    const { id: customerId } = await createCustomer(fresh.database, ada);
    const lines = [{ sizeId: "harbour-s", quantity: 1 }];
    orderId = (await placeOrder(fresh.database, { customerId, lines })).order.id;
    told = [];
    stop = await listenToTickets(fresh.database, {
      ticket: (ticket) => told.push(ticket),
      lost: () => {},
    });
  });
  afterEach(async () => {
    await stop();
    await fresh[Symbol.asyncDispose]();
  });

  const claim = (database: Database) =>
    claimTicket(database, { orderId, station: "oven", deadlineSeconds: 900 });

  /** What comes of a priority that waits for `change`, which has written and not committed. */
  async function priorityDuring(change: (database: Database) => Promise<unknown>) {
    const { database } = fresh;
    const written = createGate();
    const changing = change({
      ...database,
      transaction: (run, options) =>
        database.transaction(async (tx) => {
          const result = await run(tx);
          await written.pass();
          return result;
        }, options),
    });
    await written.arrived;
    const outcome = setTicketPriority(database, orderId, 5).catch((error: unknown) => error);
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await expect.poll(async () => (await database.query(waiting)).length).toBe(1);
    written.open();
    await changing;
    return outcome;
  }

  test("while a station claims it is told of as claimed", async () => {
    const claimed = { status: "PREPARING", station: "oven" };
    expect(await priorityDuring(claim)).toMatchObject({ ...claimed, priority: 5 });
    await expect.poll(() => told.map(({ priority }) => priority)).toEqual([0, 5]);
    expect(told.at(-1)).toMatchObject(claimed);
  });

  test("while it is completed is refused, and told of as completed last", async () => {
    await claim(fresh.database);
    const completing = (database: Database) => completeTicket(database, orderId);
    expect(await priorityDuring(completing)).toBeInstanceOf(TicketCompletedError);
    await expect.poll(() => told.map(({ status }) => status)).toEqual(["PREPARING", "READY"]);
  });
});
