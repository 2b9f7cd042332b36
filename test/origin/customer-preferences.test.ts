import { afterAll, describe, expect, test } from "vitest";
import {
  customerPreferences,
  type PreferenceWrite,
  savePreferences,
} from "../../src/origin/customer-preferences.js";
import { createCustomer } from "../../src/origin/customers.js";
import type { PreferencesRow } from "../../src/origin/rows.js";
import { databaseKinds, freshDatabase } from "../support/database.js";

for (const kind of databaseKinds) {
  describe(`customers' preferences on ${kind}`, async () => {
    const fresh = await freshDatabase({ kind });
    const { database } = fresh;
    afterAll(() => fresh[Symbol.asyncDispose]());

    let made = 0;
    const newCustomer = async () => {
      const email = `someone-${++made}@example.org`;
      return (await createCustomer(database, { name: "Ada", email, passwordHash: null })).id;
    };
    const likes = { language: "en", vegetarian: false, favouriteItems: ["harbour", 'a"{b},\\c'] };
    const none = { language: null, vegetarian: null, favouriteItems: [] };
    const all = (customerId: string, preferences: PreferencesRow, sequence: number) =>
      (Object.keys(none) as (keyof PreferencesRow)[]).map((field): PreferenceWrite => {
        return { customerId, field, value: preferences[field], sequence };
      });
    const of = (customerId: string) => customerPreferences(database, customerId);

    test("are none at first", async () => {
      expect(await of(await newCustomer())).toBeNull();
      expect(await of("nobody")).toBeNull();
      expect(await of("nul\0")).toBeNull();
    });

    test("are saved for many customers in one statement", async () => {
      const [ada, joan, bea] = [await newCustomer(), await newCustomer(), await newCustomer()];
      fresh.statements.length = 0;
      await savePreferences(database, [
        ...all(ada, likes, 1),
        ...all(joan, none, 2),
        { customerId: bea, field: "vegetarian", value: true, sequence: 3 },
      ]);
      expect(fresh.statements).toHaveLength(1);
      expect(await of(ada)).toStrictEqual(likes);
      expect(await of(joan)).toStrictEqual(none);
      expect(await of(bea)).toStrictEqual({ ...none, vegetarian: true });
    });

    test("give way to newer ones alone, in whatever order and however often they come", async () => {
      const ada = await newCustomer();
      const save = (language: string | null, sequence: number) =>
        savePreferences(database, [
          { customerId: ada, field: "language", value: language, sequence },
        ]);
      const newest = 1_795_737_056_093_892;
      await save("en", newest - 1);
      await save("pt", newest);
      await save("en", newest - 1);
      await save("pt", newest);
      expect(await of(ada)).toStrictEqual({ ...none, language: "pt" });
      await save(null, newest + 1);
      expect(await of(ada)).toStrictEqual(none);
    });

    test("are written one by one: an older write of one stands beside a newer one of another", async () => {
      const ada = await newCustomer();
      const save = (write: Pick<PreferenceWrite, "field" | "value" | "sequence">) =>
        savePreferences(database, [{ customerId: ada, ...write }]);
      await save({ field: "favouriteItems", value: likes.favouriteItems, sequence: 3 });
      await save({ field: "language", value: "en", sequence: 1 });
      await save({ field: "vegetarian", value: false, sequence: 2 });
      expect(await of(ada)).toStrictEqual(likes);
    });

    test("of a customer who is gone are dropped, and do not hold up the others", async () => {
      const ada = await newCustomer();
      await savePreferences(database, [...all("gone", likes, 1), ...all(ada, likes, 2)]);
      expect(await of("gone")).toBeNull();
      expect(await of(ada)).toStrictEqual(likes);
    });
  });
}
