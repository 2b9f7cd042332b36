import { afterAll, describe, expect, test } from "vitest";
import {
  createCustomer,
  credentialsByEmail,
  customerById,
  ensureStaff,
  setPassword,
} from "../../src/origin/customers.js";
import { EmailTakenError, InvalidInputError, NotFoundError } from "../../src/origin/errors.js";
import { databaseKinds, freshDatabase } from "../support/database.js";

for (const kind of databaseKinds) {
  describe(`accounts on ${kind}`, async () => {
    const fresh = await freshDatabase({ kind });
    const { database } = fresh;
    afterAll(() => fresh[Symbol.asyncDispose]());

    const ada = await createCustomer(database, {
      name: "Ada",
      email: "Ada@Example.org",
      passwordHash: "hash of ada",
    });

    test("are found by id, without their password's hash", async () => {
      expect(ada).toStrictEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: "Ada",
        email: "Ada@Example.org",
        role: "customer",
        memberSince: expect.any(Date),
      });
      expect(await customerById(database, ada.id)).toStrictEqual(ada);
      expect(await customerById(database, "nobody")).toBeUndefined();
      expect(await customerById(database, "nul\0")).toBeUndefined();
    });

    test("are found by address in any case, with the hash", async () => {
      const found = { customer: ada, passwordHash: "hash of ada" };
      expect(await credentialsByEmail(database, "aDA@eXAMPLE.ORG")).toStrictEqual(found);
      expect(await credentialsByEmail(database, "ada@example.com")).toBeUndefined();
      expect(await credentialsByEmail(database, "nul\0")).toBeUndefined();
    });

    test("have one address each, in any case, also when two are made at once", async () => {
      const again = { name: "Eve", email: "ADA@example.org", passwordHash: "x" };
      await expect(createCustomer(database, again)).rejects.toThrow(EmailTakenError);
      const twins = await Promise.allSettled(
        ["twin@example.org", "TWIN@example.org"].map((email) =>
          createCustomer(database, { name: "Twin", email, passwordHash: "x" }),
        ),
      );
      expect(twins.map((twin) => twin.status).sort()).toStrictEqual(["fulfilled", "rejected"]);
    });

    test("refuse names that PostgreSQL cannot hold", async () => {
      const customer = { name: "nul\0", email: "nul@example.org", passwordHash: null };
      await expect(createCustomer(database, customer)).rejects.toThrow(InvalidInputError);
    });

    test("get a new password", async () => {
      const email = "forgetful@example.org";
      const { id } = await createCustomer(database, { name: "F", email, passwordHash: "old" });
      await setPassword(database, id, "new");
      expect(await credentialsByEmail(database, email)).toMatchObject({ passwordHash: "new" });
      await expect(setPassword(database, "nobody", "new")).rejects.toThrow(NotFoundError);
    });

    test("of staff are made once, by however many processes, and keep their password", async () => {
      const staff = { name: "Staff", email: "staff@example.org" };
      const results = await Promise.all(
        ["a", "b", "c"].map((passwordHash) => ensureStaff(database, { ...staff, passwordHash })),
      );
      expect(results.filter((result) => result.created)).toHaveLength(1);
      expect(new Set(results.map((result) => result.customer.id)).size).toBe(1);
      const before = await credentialsByEmail(database, staff.email);
      expect(before?.customer.role).toBe("staff");
      await ensureStaff(database, { ...staff, passwordHash: "later" });
      expect(await credentialsByEmail(database, staff.email)).toStrictEqual(before);
    });

    test("of customers do not become staff because a setting names their address", async () => {
      const staff = { name: "Staff", email: "ada@example.org", passwordHash: "x" };
      await expect(ensureStaff(database, staff)).rejects.toThrow(EmailTakenError);
      expect((await customerById(database, ada.id))?.role).toBe("customer");
    });
  });
}
