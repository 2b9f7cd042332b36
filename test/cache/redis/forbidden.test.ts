import { expect, test } from "vitest";
import { createForbidden } from "../../../src/cache/redis/forbidden.js";

let nowMs = 0;
const problemOf = (text: string) => {
  const forbidden = createForbidden(() => nowMs);
  forbidden.note(new Error(text));
  return forbidden.problem?.replace(/^Redis refuses this user (.+): README.+$/, "$1");
};

test.each([
  ["NOPERM this user has no permissions to run the 'time' command", "the command TIME"],
  ["NOPERM User shop has no permissions to run the 'acl|log' command", "the command ACL|LOG"],
  [
    "ERR ACL failure in script: this user has no permissions to run the 'time' command script: 1, on @user_script:1.",
    "the command TIME",
  ],
  [
    "NOPERM this user has no permissions to access one of the keys used as arguments",
    "keys of the prefix",
  ],
  [
    "NOPERM this user has no permissions to access one of the channels used as arguments",
    "channels of the prefix",
  ],
  ["NOPERM this user has no permissions to run the 'evalsha' command", undefined],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", undefined],
])("%s", (text, told) => {
  expect(problemOf(text)).toBe(told);
});

test("what has not come back for a minute is no problem any more", () => {
  const forbidden = createForbidden(() => nowMs);
  expect(forbidden.problem).toBeUndefined();
  forbidden.note(new Error("NOPERM this user has no permissions to run the 'time' command"));
  forbidden.note(new Error("Connection is closed."));
  nowMs += 59_999;
  expect(forbidden.problem).toMatch("TIME");
  nowMs += 1;
  expect(forbidden.problem).toBeUndefined();
});
