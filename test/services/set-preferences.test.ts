import { describe, expect, test } from "vitest";
import { NotSignedInError } from "../../src/services/errors.js";
import type { Preferences } from "../../src/services/preferences.js";
import { createSessions } from "../../src/services/sessions.js";
import { createSetPreferences } from "../../src/services/set-preferences.js";
import { createMemoryStorage } from "../../src/storage/index.js";

function create() {
  const sessions = createSessions({ storage: createMemoryStorage() });
  const table = new Map<string, Partial<Preferences>>();
  const problems: unknown[] = [];
  let failure: Error | undefined;
  const setPreferences = createSetPreferences({
    sessions,
    kept: {
      async keep(customerId, changed) {
        if (failure) throw failure;
        table.set(customerId, { ...table.get(customerId), ...changed });
      },
    },
    onProblem: (error) => problems.push(error),
  });
  const signIn = async () => (await sessions.create({ customerId: "ada", role: "customer" })).token;
  const fail = (error: Error) => {
    failure = error;
  };
  return { setPreferences, signIn, table, problems, fail };
}

describe("setting preferences", () => {
  test("keeps what was changed past the session, in the form in which the session has it", async () => {
    const { setPreferences, signIn, table } = create();
    const session = await setPreferences(await signIn(), {
      language: "EN-gb",
      favouriteItems: ["a", "b", "a"],
    });
    const wanted = { language: "en-GB", favouriteItems: ["a", "b"] };
    expect(session.preferences).toEqual({ ...wanted, vegetarian: null });
    expect(table.get("ada")).toEqual(wanted);
  });

  test("keeps what another session of the customer changed meanwhile", async () => {
    const { setPreferences, signIn, table } = create();
    const [one, other] = [await signIn(), await signIn()];
    await setPreferences(one, { language: "en", vegetarian: true });
    await setPreferences(other, { favouriteItems: ["a"] });
    await setPreferences(other, { vegetarian: null });
    expect(table.get("ada")).toEqual({ language: "en", vegetarian: null, favouriteItems: ["a"] });
  });

  test("does not fail for what the session has and later ones will not have, but tells of it", async () => {
    const { setPreferences, signIn, problems, fail } = create();
    const failure = new Error("no room");
    fail(failure);
    const { preferences } = await setPreferences(await signIn(), { vegetarian: true });
    expect(preferences.vegetarian).toBe(true);
    expect(problems).toEqual([failure]);
  });

  test("keeps nothing of who is not signed in", async () => {
    const { setPreferences, table } = create();
    await expect(setPreferences("x", { vegetarian: true })).rejects.toThrow(NotSignedInError);
    expect(table.size).toBe(0);
  });
});
