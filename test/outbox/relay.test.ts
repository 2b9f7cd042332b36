import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createDelivery } from "../../src/outbox/delivery.js";
import { startRelay } from "../../src/outbox/relay.js";
import { createOutboxReporter } from "../../src/outbox/reporter.js";
import type { Row } from "../../src/outbox/row.js";
import { resolveOutboxSettings } from "../../src/outbox/settings.js";
import type { Table } from "../../src/outbox/table.js";
import { createReceivingCache } from "./support/receiving-cache.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A table whose steps take no time. */
function createRows() {
  const rows: Row[] = [];
  const table: Table = {
    create: async () => {},
    claim: async () => rows.slice(0, 100),
    release: async () => {},
    remove: async (ids) => {
      rows.splice(0, rows.length, ...rows.filter(({ id }) => !ids.includes(id)));
    },
    after: async (after) => rows.filter(({ id }) => Number(id) > Number(after)),
    lastId: async () => rows.at(-1)?.id,
    count: async () => ({ pending: rows.length, oldestSeconds: null }),
  };
  let last = 0;
  const record = (tag: string) => rows.push({ id: String(++last), tags: [tag] });
  return { rows, table, record };
}

/** A relay whose cache's store is away, or has too few replicas to count anything as delivered. */
function start() {
  const { rows, table, record } = createRows();
  const here = createReceivingCache();
  here.isAway = true;
  const client = { query: async () => ({ rows: [] }) };
  const settings = resolveOutboxSettings({ client, cache: here.cache });
  const reporter = createOutboxReporter();
  const on = { unreadable: reporter.error, failed: reporter.failed };
  const delivery = createDelivery(settings, on);
  record("menu");
  const relay = startRelay({ settings, table, delivery, reporter });
  return { relay, reporter, here, rows, record };
}

it("hands over again ever more seldom what stays undelivered, soon what is new, and all on the store's return", async () => {
  const { relay, here, rows, record } = start();
  const handed = () => here.calls.filter((tags) => tags.includes("menu")).length;

  await vi.advanceTimersByTimeAsync(20_000);
  expect(handed()).toBeGreaterThan(5);
  await vi.advanceTimersByTimeAsync(580_000);
  expect(handed()).toBeGreaterThan(600 / 40);
  expect(handed()).toBeLessThan(600 / 20);

  record("later");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(here.handed).toContain("later");

  here.comeBack();
  await vi.advanceTimersByTimeAsync(0);
  expect(here.delivered).toEqual(["menu", "later"]);
  expect(rows).toEqual([]);
  await relay.close();
});

it("is well again soon where another relay delivered what it could not", async () => {
  const { relay, reporter, rows } = start();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(reporter.trouble).toBeDefined();

  rows.length = 0;
  await vi.advanceTimersByTimeAsync(4_000);
  expect(reporter.trouble).toBeUndefined();
  await relay.close();
});

it("hands over once, and seldom again, what others record while the store is away", async () => {
  const { relay, here, record } = start();
  await vi.advanceTimersByTimeAsync(600_000);
  const before = here.calls.length;
  while (here.calls.length === before) await vi.advanceTimersByTimeAsync(100);
  record("later");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(here.calls.slice(before + 1)).toEqual([["later"]]);
  await relay.close();
});

it("begins anew, often at first, after a delivery that no return of the store foretold", async () => {
  const { relay, here, rows, record } = start();
  await vi.advanceTimersByTimeAsync(600_000);
  here.isAway = false;
  await vi.advanceTimersByTimeAsync(40_000);
  expect(rows).toEqual([]);
  here.isAway = true;
  record("later");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(here.calls.filter((tags) => tags.includes("later")).length).toBeGreaterThan(4);
  await relay.close();
});

it("listens to the cache from a failure to its end, or to its own", async () => {
  const { relay, here, record } = start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(here.listeners).toBe(1);
  here.comeBack();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(here.listeners).toBe(0);

  here.isAway = true;
  record("later");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(here.listeners).toBe(1);
  await relay.close();
  expect(here.listeners).toBe(0);
});
