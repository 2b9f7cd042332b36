import { describe, expect, test } from "vitest";
import type { Context } from "../../src/context.js";
import {
  pageSize,
  requireSession,
  requireStaff,
  requireStaffStill,
  requireToken,
} from "../../src/schema/guards.js";
import type { Session } from "../../src/services/sessions.js";

const ada = { customerId: "ada", role: "customer" } as Session;
const cook = { customerId: "cook", role: "staff" } as Session;

/** @param now what the sessions have by now; the caller was looked up before */
function contextOf(session: Session | null, token?: string, now = session): Context {
  const caller = { token, viewer: session?.customerId, session: async () => session };
  const find = async (sent: string) => (sent === token ? now : null);
  return { caller, services: { sessions: { find } } } as unknown as Context;
}

const refused = (code: string) => expect.objectContaining({ extensions: { code } });

test("who has no session is asked to sign in, whatever a field needs of it", async () => {
  for (const guard of [requireSession, requireStaff, requireStaffStill, requireToken]) {
    for (const token of [undefined, "made up"]) {
      await expect(guard(contextOf(null, token))).rejects.toEqual(refused("UNAUTHENTICATED"));
    }
  }
});

test("what is for staff is refused to customers, and to nobody of the staff", async () => {
  await expect(requireStaff(contextOf(ada, "token"))).rejects.toEqual(refused("FORBIDDEN"));
  expect(await requireStaff(contextOf(cook, "token"))).toBe(cook);
  expect(await requireSession(contextOf(ada, "token"))).toBe(ada);
});

describe("who goes on as staff", () => {
  test.each<[string, Session | null, string]>([
    ["has been signed out", null, "UNAUTHENTICATED"],
    ["is staff no more", { ...cook, role: "customer" }, "FORBIDDEN"],
  ])("and meanwhile %s is stopped", async (_, now, code) => {
    const context = contextOf(cook, "token", now);
    expect(await requireStaff(context)).toBe(cook);
    await expect(requireStaffStill(context)).rejects.toEqual(refused(code));
  });

  test("is nobody without a token, whoever the sessions may hold", async () => {
    await expect(requireStaffStill(contextOf(cook))).rejects.toEqual(refused("UNAUTHENTICATED"));
  });

  test("is let go on while the session is there", async () => {
    await requireStaffStill(contextOf(cook, "token"));
  });
});

test("the token is given of those who have a session, and of no others", async () => {
  expect(await requireToken(contextOf(ada, "token"))).toBe("token");
  await expect(requireToken(contextOf(ada))).rejects.toEqual(refused("UNAUTHENTICATED"));
});

describe("a page", () => {
  test.each([
    [1, 1],
    [100, 100],
    [null, 20],
    [undefined, 20],
  ])("of first: %s has %i elements", (first, size) => {
    expect(pageSize(first, 20)).toBe(size);
  });

  test.each([0, -1, 101])("of first: %i is refused", (first) => {
    expect(() => pageSize(first, 20)).toThrow(`first must be from 1 to 100, but ${first} came.`);
  });
});
