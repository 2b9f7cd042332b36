import { afterAll, describe, expect, test } from "vitest";
import { customerPreferences, savePreferences } from "../../src/origin/customer-preferences.js";
import { createCustomer } from "../../src/origin/customers.js";
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
    const likes = (language: string | null) => ({
      language,
      vegetarian: language === null ? null : false,
      favouriteItems: language === null ? [] : ["harbour", 'a"{b},\\c'],
    });
    const of = (customerId: string) => customerPreferences(database, customerId);

    test("are none at first", async () => {
      expect(await of(await newCustomer())).toBeNull();
      expect(await of("nobody")).toBeNull();
      expect(await of("nul\0")).toBeNull();
    });

    test("are saved for many customers in one statement", async () => {
      const [ada, joan] = [await newCustomer(), await newCustomer()];
      fresh.statements.length = 0;
      await savePreferences(database, [
        { customerId: ada, preferences: likes("en"), sequence: 1 },
        { customerId: joan, preferences: likes(null), sequence: 2 },
      ]);
      expect(fresh.statements).toHaveLength(1);
      expect(await of(ada)).toStrictEqual(likes("en"));
      expect(await of(joan)).toStrictEqual(likes(null));
    });

    test("give way to newer ones alone, in whatever order and however often they come", async () => {
      const ada = await newCustomer();
      const save = (language: string, sequence: number) =>
        savePreferences(database, [{ customerId: ada, preferences: likes(language), sequence }]);
      const newest = 1_795_737_056_093_892;
      await save("en", newest - 1);
      await save("pt", newest);
      await save("en", newest - 1);
      await save("pt", newest);
      expect(await of(ada)).toStrictEqual(likes("pt"));
      await save("fr", newest + 1);
      expect(await of(ada)).toStrictEqual(likes("fr"));
    });

    test("of a customer who is gone are dropped, and do not hold up the others", async () => {
      const ada = await newCustomer();
      await savePreferences(database, [
        { customerId: "gone", preferences: likes("en"), sequence: 1 },
        { customerId: ada, preferences: likes("en"), sequence: 2 },
      ]);
      expect(await of("gone")).toBeNull();
      expect(await of(ada)).toStrictEqual(likes("en"));
    });
  });
}
