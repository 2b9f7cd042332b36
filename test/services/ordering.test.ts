import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import type { Database } from "../../src/origin/database.js";
import { EmptyOrderError, ItemUnavailableError, NotFoundError } from "../../src/origin/errors.js";
import { setAvailability } from "../../src/origin/menu.js";
import { createOrdering, type OrderingOptions } from "../../src/services/ordering.js";
import { createSessions, type Sessions } from "../../src/services/sessions.js";
import { databaseKinds, type FreshDatabase, freshDatabase } from "../support/database.js";
import { createGate } from "../support/gate.js";
import { type StorageUnderTest, storageKinds } from "../support/storages.js";

/** The embedded database runs one transaction at a time: where there is a server, calls really overlap. */
const kind = databaseKinds.at(-1)!;

describe.each(storageKinds)("ordering with sessions on $kind", ({ start }) => {
  let fresh: FreshDatabase;
  let under: StorageUnderTest;
  let sessions: Sessions;
  let database: Database;
  beforeAll(async () => {
    [fresh, under] = await Promise.all([freshDatabase({ kind }), start()]);
    database = fresh.database;
    sessions = createSessions(under);
  });
  afterAll(() =>
    Promise.all([fresh[Symbol.asyncDispose](), under[Symbol.asyncDispose]()]).then(() => {}),
  );

  let customerId: string;
  let token: string;
  let customers = 0;
  beforeEach(async () => {
    const email = `${++customers}@example.org`;
    customerId = (await createCustomer(database, { name: "Ada", email, passwordHash: null })).id;
    ({ token } = await sessions.create({ customerId, role: "customer" }));
  });

  const problems: unknown[] = [];
  const ordering = (own: Partial<OrderingOptions> = {}) =>
    createOrdering({
      database,
      sessions,
      kitchen: { queue: async () => {} },
      popularity: { record: async () => {} },
      hourlyOrders: { record: async () => {} },
      onProblem: (error) => problems.push(error),
      ...own,
    });
  const add = (sizeId: string, quantity = 1) => sessions.addToCart(token, sizeId, quantity);
  const cart = async () => {
    const { cart: lines, checkout } = (await sessions.find(token))!;
    expect(checkout).toBeNull();
    return Object.fromEntries(lines.map((line) => [line.sizeId, line.quantity]));
  };
  /** What the customer has ordered, each order as "size×quantity …". */
  const ordered = async () =>
    (
      await database.query<{ lines: string }>(
        `SELECT string_agg(size_id || '×' || quantity, ' ' ORDER BY size_id) AS lines
         FROM orders JOIN order_lines ON order_id = id WHERE customer_id = $1 GROUP BY id ORDER BY id`,
        [customerId],
      )
    ).map(({ lines }) => lines);
  /** A process that dies when its order is committed, and before the cart is emptied. */
  const dying = () => {
    const died = () => new Promise<never>(() => {});
    const committed = createGate();
    const settleCheckout = () => {
      void committed.pass();
      return died();
    };
    return {
      committed,
      placeOrder: ordering({ sessions: { ...sessions, settleCheckout } }).placeOrder,
    };
  };
  /** A process that loses its connection on placing an order: with it in the database, or without. */
  const tearing = (how: { committed: boolean }) => {
    let transactions = 0;
    const torn: Database = {
      ...database,
      transaction: async (run) => {
        transactions += 1;
        // The first looks for an order of that key.
        if (transactions === 1) return database.transaction(run);
        if (how.committed) await database.transaction(run);
        throw new Error("connection lost");
      },
    };
    return ordering({ database: torn });
  };
  /** A process that dies when it has said what it will order. */
  const dyingEarly = () => {
    const begun = createGate();
    const stuck: Database = {
      ...database,
      transaction: async () => {
        void begun.pass();
        return new Promise<never>(() => {});
      },
    };
    return { begun, placeOrder: ordering({ database: stuck }).placeOrder };
  };

  test("calls without a key that order one cart at once place one order, and all answer with it", async () => {
    await add("harbour-s", 2);
    const { placeOrder } = ordering();
    const orders = await Promise.all(Array.from({ length: 8 }, () => placeOrder(token)));
    expect(new Set(orders.map(({ id }) => id)).size).toBe(1);
    expect(await ordered()).toEqual(["harbour-s×2"]);
    expect(await cart()).toEqual({});
    await add("harbour-s");
    await placeOrder(token);
    expect(await ordered()).toEqual(["harbour-s×2", "harbour-s×1"]);
  });

  test("calls with keys of their own place one order of one cart: who comes meanwhile answers with it, who comes later finds it empty", async () => {
    await add("harbour-s");
    const { placeOrder } = ordering();
    const results = await Promise.allSettled(["a", "b", "c"].map((key) => placeOrder(token, key)));
    const ids = new Set<string>();
    for (const one of results) {
      if (one.status === "fulfilled") ids.add(one.value.id);
      else expect(one.reason).toBeInstanceOf(EmptyOrderError);
    }
    expect(ids.size).toBe(1);
    expect(await ordered()).toEqual(["harbour-s×1"]);
  });

  test.each([undefined, "key"])(
    "a process that dies with the order committed leaves it to the next call, with the key %s",
    async (key) => {
      await add("harbour-s", 2);
      const dead = dying();
      void dead.placeOrder(token, key);
      await dead.committed.arrived;
      const order = await ordering().placeOrder(token, key);
      expect(order.customerId).toBe(customerId);
      expect(await ordered()).toEqual(["harbour-s×2"]);
      expect(await cart()).toEqual({});
    },
  );

  test("what was added after such a death is ordered, and nothing twice", async () => {
    await add("harbour-s");
    const dead = dying();
    void dead.placeOrder(token);
    await dead.committed.arrived;
    await add("orchard-m");
    await ordering().placeOrder(token);
    expect(await ordered()).toEqual(["harbour-s×1", "orchard-m×1"]);
    expect(await cart()).toEqual({});
  });

  test("a process that dies before it orders leaves that to the next call", async () => {
    await add("harbour-s");
    const dead = dyingEarly();
    void dead.placeOrder(token);
    await dead.begun.arrived;
    await ordering().placeOrder(token);
    expect(await ordered()).toEqual(["harbour-s×1"]);
    expect(await cart()).toEqual({});
  });

  test("what was taken out of the cart after a death before the order is not ordered", async () => {
    await add("harbour-s");
    await add("orchard-m");
    const dead = dyingEarly();
    void dead.placeOrder(token);
    await dead.begun.arrived;
    await sessions.removeFromCart(token, "harbour-s");
    await ordering().placeOrder(token);
    expect(await ordered()).toEqual(["orchard-m×1"]);
    expect(await cart()).toEqual({});
  });

  test("what was taken out of the cart after a death with the order committed is not ordered again", async () => {
    await add("harbour-s");
    await add("orchard-m");
    const dead = dying();
    void dead.placeOrder(token, "key");
    await dead.committed.arrived;
    await sessions.removeFromCart(token, "harbour-s");
    await ordering().placeOrder(token, "key");
    expect(await ordered()).toEqual(["harbour-s×1 orchard-m×1"]);
    expect(await cart()).toEqual({});
  });

  test("one that orders while another is about to, with more in the cart, orders the rest", async () => {
    await add("harbour-s");
    const gate = createGate();
    const slow: Database = {
      ...database,
      transaction: async (run) => {
        await gate.pass();
        return database.transaction(run);
      },
    };
    const first = ordering({ database: slow }).placeOrder(token);
    await gate.arrived;
    await add("harbour-s");
    await ordering().placeOrder(token);
    await add("orchard-m");
    gate.open();
    await first;
    expect(await ordered()).toEqual(["harbour-s×1", "harbour-s×1"]);
    expect(await cart()).toEqual({ "orchard-m": 1 });
  });

  test("a key used before answers with its order, and leaves another cart alone", async () => {
    await add("harbour-s");
    const { placeOrder } = ordering();
    const first = await placeOrder(token, "key");
    expect(await placeOrder(token, "key")).toEqual(first);
    await add("harbour-s");
    expect(await placeOrder(token, "key")).toEqual(first);
    expect(await cart()).toEqual({ "harbour-s": 1 });
    expect(await ordered()).toEqual(["harbour-s×1"]);
  });

  test("a refused order leaves the cart as it was, and is placed when it can be", async () => {
    await add("harbour-s");
    await setAvailability(database, "harbour", false);
    const { placeOrder } = ordering();
    const results = await Promise.allSettled(Array.from({ length: 3 }, () => placeOrder(token)));
    for (const one of results) {
      expect(one).toMatchObject({ reason: expect.any(ItemUnavailableError) });
    }
    await setAvailability(database, "harbour", true);
    expect(await cart()).toEqual({ "harbour-s": 1 });
    await placeOrder(token, "key");
    expect(await ordered()).toEqual(["harbour-s×1"]);
  });

  test("a size that does not exist any more is refused by its name, and then no longer in the way of the others", async () => {
    await add("harbour-s");
    await add("off-the-menu-s", 2);
    const { placeOrder } = ordering();
    const refused = placeOrder(token, "key");
    await expect(refused).rejects.toBeInstanceOf(NotFoundError);
    await expect(refused).rejects.toThrow('No size has the id "off-the-menu-s".');
    expect(await cart()).toEqual({ "harbour-s": 1 });
    await placeOrder(token, "key");
    expect(await ordered()).toEqual(["harbour-s×1"]);
    expect(await cart()).toEqual({});
  });

  test("a failure of which nobody knows whether it ordered is put right by the next call", async () => {
    await add("harbour-s");
    const torn: Database = {
      ...database,
      transaction: async (run) => {
        await database.transaction(run);
        throw new Error("connection lost");
      },
    };
    await expect(ordering({ database: torn }).placeOrder(token)).rejects.toThrow("connection lost");
    await ordering().placeOrder(token);
    expect(await ordered()).toEqual(["harbour-s×1"]);
    expect(await cart()).toEqual({});
  });

  test.each([{ committed: true }, { committed: false }])(
    "a customer who tries again under a new key gets the order that was left half done, %o",
    async (how) => {
      await add("harbour-s", 2);
      await expect(tearing(how).placeOrder(token, "K1")).rejects.toThrow("connection lost");
      const { placeOrder } = ordering();
      const order = await placeOrder(token, "K2");
      expect(await ordered()).toEqual(["harbour-s×2"]);
      expect(await cart()).toEqual({});
      await add("orchard-m");
      expect(await placeOrder(token, "K2")).toEqual(order);
      expect(await placeOrder(token, "K1")).toEqual(order);
      expect(await cart()).toEqual({ "orchard-m": 1 });
      expect(await ordered()).toEqual(["harbour-s×2"]);
    },
  );

  test("a new key resolves to the half done order though another call settles that first", async () => {
    await add("harbour-s");
    await expect(tearing({ committed: true }).placeOrder(token, "K1")).rejects.toThrow();
    const settleCheckout: Sessions["settleCheckout"] = async (...args) => {
      await ordering().placeOrder(token, "K1");
      await sessions.settleCheckout(...args);
    };
    const order = await ordering({ sessions: { ...sessions, settleCheckout } }).placeOrder(
      token,
      "K2",
    );
    expect(await ordering().placeOrder(token, "K2")).toEqual(order);
    expect(await ordered()).toEqual(["harbour-s×1"]);
  });

  test("one key from two sessions at once orders one cart, and the other stays", async () => {
    await add("harbour-s");
    const { token: other } = await sessions.create({ customerId, role: "customer" });
    await sessions.addToCart(other, "harbour-s", 7);
    const gate = createGate();
    let transactions = 0;
    const slow: Database = {
      ...database,
      transaction: async (run) => {
        transactions += 1;
        // The first looks for an order of that key.
        if (transactions > 1) await gate.pass();
        return database.transaction(run);
      },
    };
    const one = ordering({ database: slow }).placeOrder(token, "KX");
    await gate.arrived;
    const same = await ordering().placeOrder(other, "KX");
    gate.open();
    expect(await one).toEqual(same);
    expect(await ordered()).toEqual(["harbour-s×7"]);
    expect(await cart()).toEqual({ "harbour-s": 1 });
    expect(await sessions.find(other)).toMatchObject({ cart: [], checkout: null });
  });

  test("what was left half done under a key that another session then used is ordered under a new one", async () => {
    await add("harbour-s");
    await expect(tearing({ committed: false }).placeOrder(token, "K1")).rejects.toThrow();
    const { token: other } = await sessions.create({ customerId, role: "customer" });
    await sessions.addToCart(other, "harbour-s", 7);
    await ordering().placeOrder(other, "K1");
    await ordering().placeOrder(token, "K2");
    expect(await ordered()).toEqual(["harbour-s×7", "harbour-s×1"]);
    expect(await cart()).toEqual({});
  });

  test("a new key orders what was added beside an order that was left half done", async () => {
    await add("harbour-s");
    await expect(tearing({ committed: true }).placeOrder(token, "K1")).rejects.toThrow();
    await add("orchard-m");
    await ordering().placeOrder(token, "K2");
    expect(await ordered()).toEqual(["harbour-s×1", "orchard-m×1"]);
    expect(await cart()).toEqual({});
  });

  test("an order stands though the cart cannot be emptied, which is told, and the next call empties it", async () => {
    await add("harbour-s");
    problems.length = 0;
    const settleCheckout = async () => {
      throw new Error("no storage");
    };
    const order = await ordering({ sessions: { ...sessions, settleCheckout } }).placeOrder(token);
    expect(problems).toEqual([new Error("no storage")]);
    expect(await ordering().placeOrder(token)).toEqual(order);
    await expect(ordering().placeOrder(token)).rejects.toBeInstanceOf(EmptyOrderError);
  });
});
