import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createOutageLog } from "../../src/http/outage-log.js";

let lines: string[];
const log = {
  warn: (message: string) => void lines.push(`warn ${message}`),
  info: (message: string) => void lines.push(`info ${message}`),
};
const open = () => createOutageLog(log);

beforeEach(() => {
  lines = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test("an outage two notice is one warning, and its end one line when both are back for good", () => {
  const outages = open();
  outages.begin("client", "gone");
  outages.begin("cache", "no answer", { lastingMs: 1_000 });
  vi.advanceTimersByTime(5_000);
  outages.end("client");
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual(["warn gone"]);
  outages.end("cache");
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual(["warn gone", "info Redis answers again"]);

  outages.begin("client", "gone again");
  expect(lines).toHaveLength(3);
});

test("a witness that notices only when the first is back belongs to the same outage", () => {
  const outages = open();
  outages.begin("client", "gone");
  outages.end("client");
  vi.advanceTimersByTime(500);
  outages.begin("cache", "no answer", { lastingMs: 1_000 });
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual(["warn gone"]);
  outages.end("cache");
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual(["warn gone", "info Redis answers again"]);
});

test("one that is told at once is not told again when it has lasted", () => {
  const outages = open();
  outages.begin("cache", "no answer", { lastingMs: 1_000 });
  vi.advanceTimersByTime(500);
  outages.begin("client", "gone");
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual(["warn gone"]);
});

test("one that must last is told when it has, and not at all when it hasn't", () => {
  const outages = open();
  outages.begin("cache", "a stumble", { lastingMs: 1_000 });
  vi.advanceTimersByTime(999);
  outages.end("cache");
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual([]);
  outages.begin("cache", "no answer", { lastingMs: 1_000 });
  vi.advanceTimersByTime(1_000);
  expect(lines).toEqual(["warn no answer"]);
});

test("an end that nobody saw begin is none, and nothing is told after the close", () => {
  const outages = open();
  outages.end("client");
  outages.begin("cache", "no answer", { lastingMs: 1_000 });
  outages.close();
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual([]);
});
