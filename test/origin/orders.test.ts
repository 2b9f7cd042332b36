import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { createCustomer } from "../../src/origin/customers.js";
import { InvalidCursorError, InvalidInputError } from "../../src/origin/errors.js";
import { decodeOrderCursor, encodeOrderCursor } from "../../src/origin/order-cursor.js";
import { customerOrders, orderById } from "../../src/origin/orders.js";
import { placeOrder } from "../../src/origin/place-order.js";
import { databaseKinds, freshDatabase } from "../support/database.js";

describe("a cursor", () => {
  test("survives the way out and back, for any instant and id", () => {
    const place = fc.record(
      {
        placedAt: fc.date({ min: new Date(-8e11), max: new Date(8e12), noInvalidDate: true }),
        id: fc.bigInt(1n, 10n ** 18n - 1n).map(String),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(place, (given) => {
        expect(decodeOrderCursor(encodeOrderCursor(given))).toStrictEqual(given);
      }),
    );
  });

  test("that we did not make is refused, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(() => decodeOrderCursor(text)).toThrow(InvalidCursorError);
      }),
    );
  });

  test.each(["0:0", "1e3:5", "1:5:6", "1:05", " 1:5", "1:5\n", "-0:5"])(
    "that holds %o is refused",
    (text) => {
      const cursor = Buffer.from(text).toString("base64url");
      expect(() => decodeOrderCursor(cursor)).toThrow(InvalidCursorError);
    },
  );
});

for (const kind of databaseKinds) {
  describe(`a customer's orders on ${kind}`, async () => {
    const fresh = await freshDatabase({ kind });
    const { database } = fresh;
    afterAll(() => fresh[Symbol.asyncDispose]());

    const person = (name: string) =>
      createCustomer(database, { name, email: `${name}@example.org`, passwordHash: null });
    const [ada, grace, nobody] = [
      await person("Ada"),
      await person("Grace"),
      await person("Nobody"),
    ];
    const place = async (customerId: string) => {
      const lines = [{ sizeId: "harbour-s", quantity: 1 }];
      return (await placeOrder(database, { customerId, lines })).order.id;
    };
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) {
      ids.unshift(await place(ada.id));
      await place(grace.id);
    }
    // Three placed in the same millisecond: only their ids tell them apart.
    await database.query(
      "UPDATE orders SET placed_at = timestamptz '2020-02-02 02:02:02.222Z' WHERE id = ANY($1::bigint[])",
      [ids.slice(4)],
    );

    async function walk(first: number): Promise<{ ids: string[]; pages: number }> {
      const seen: string[] = [];
      let after: string | null = null;
      for (let pages = 1; pages <= 10; pages++) {
        const page = await customerOrders(database, ada.id, { first, after });
        expect(page.totalCount).toBe(7);
        seen.push(...page.edges.map((edge) => edge.order.id));
        if (!page.hasNextPage) return { ids: seen, pages };
        after = page.endCursor;
      }
      throw new Error("The pages have no end.");
    }

    test.each([1, 2, 3, 6, 7, 100])(
      "come newest first, each once, and nobody else's, %d to a page",
      async (first) => {
        expect(await walk(first)).toStrictEqual({ ids, pages: Math.ceil(7 / first) });
      },
    );

    test("are not shifted by one placed between two pages", async () => {
      const page = await customerOrders(database, ada.id, { first: 3 });
      const added = await place(ada.id);
      const next = await customerOrders(database, ada.id, { first: 3, after: page.endCursor });
      expect(next.edges.map((edge) => edge.order.id)).toStrictEqual(ids.slice(3, 6));
      await database.query("DELETE FROM orders WHERE id = $1", [added]);
    });

    test("are none for one who ordered nothing", async () => {
      expect(await customerOrders(database, nobody.id, { first: 5 })).toStrictEqual({
        edges: [],
        hasNextPage: false,
        endCursor: null,
        totalCount: 0,
      });
    });

    test.each([0, -1, 101, 1.5, Number.NaN])("refuse a page of %d", async (first) => {
      await expect(customerOrders(database, ada.id, { first })).rejects.toThrow(InvalidInputError);
    });

    test("refuse a cursor that is none, the empty one as well", async () => {
      for (const after of ["", "nonsense"]) {
        await expect(customerOrders(database, ada.id, { first: 5, after })).rejects.toThrow(
          InvalidCursorError,
        );
      }
    });

    test("are found by id, with whose they are", async () => {
      expect(await orderById(database, ids[0]!)).toMatchObject({ id: ids[0], customerId: ada.id });
    });

    test.each(["0", "-1", "abc", "1.0", "01", "9".repeat(30), "", "1 OR true", "nul\0"])(
      "the id %o finds none and is no error",
      async (id) => {
        expect(await orderById(database, id)).toBeUndefined();
      },
    );
  });
}
