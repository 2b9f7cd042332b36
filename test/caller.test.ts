import { expect, test, vi } from "vitest";
import { createCaller } from "../src/caller.js";
import type { Session } from "../src/services/sessions.js";
import { createGate } from "./support/gate.js";

const session = { customerId: "ada", role: "customer" } as Session;
const token = "A".repeat(43);

test.each([
  ["of the scheme in any case", `bEARER ${token}`, token],
  ["of the shortest length", `Bearer ${"a".repeat(20)}`, "a".repeat(20)],
  ["of the longest length", `Bearer ${"a".repeat(200)}`, "a".repeat(200)],
])("a token %s is looked up", async (_, authorization, sent) => {
  const find = vi.fn(async () => session);
  const caller = createCaller(authorization, find);
  expect(caller.token).toBe(sent);
  expect(await caller.session()).toBe(session);
  expect(find).toHaveBeenCalledExactlyOnceWith(sent);
});

test.each([
  ["nothing", undefined],
  ["too short a token", `Bearer ${"a".repeat(19)}`],
  ["too long a token", `Bearer ${"a".repeat(201)}`],
  ["a token with another behind it", `Bearer ${token} ${token}`],
  ["another scheme before it", `Basic Bearer ${token}`],
  ["letters that no token has", `Bearer ${token}\u00e9`],
])("who sends %s has no session, and nothing is looked up", async (_, authorization) => {
  const find = vi.fn(async () => session);
  const caller = createCaller(authorization, find);
  expect([caller.token, caller.viewer]).toEqual([undefined, undefined]);
  expect(await caller.session()).toBeNull();
  expect(find).not.toHaveBeenCalled();
});

test("a session is looked up once a request, and its customer known from then on", async () => {
  const gate = createGate();
  const find = vi.fn(async () => {
    await gate.pass();
    return session;
  });
  const caller = createCaller(`Bearer ${token}`, find);
  const asked = [caller.session(), caller.session()];
  expect(caller.viewer).toBeUndefined();
  gate.open();
  expect(await Promise.all(asked)).toEqual([session, session]);
  expect(caller.viewer).toBe("ada");
  expect(find).toHaveBeenCalledOnce();
});

test("that sessions are out of reach is told to those who need one, and fails nobody else", async () => {
  const error = new Error("out of reach");
  const caller = createCaller(`Bearer ${token}`, () => Promise.reject(error));
  // An unhandled rejection would fail the run.
  await new Promise((resolve) => setImmediate(resolve));
  expect(caller.viewer).toBeUndefined();
  await expect(caller.session()).rejects.toBe(error);
});
