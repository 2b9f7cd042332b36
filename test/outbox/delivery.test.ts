import { expect, it } from "vitest";
import { createDelivery } from "../../src/outbox/delivery.js";
import type { OutboxError } from "../../src/outbox/errors.js";
import { createReceivingCache } from "./support/receiving-cache.js";

function start() {
  const here = createReceivingCache();
  const errors: OutboxError[] = [];
  const tell = (error: OutboxError) => void errors.push(error);
  const on = { unreadable: tell, failed: tell };
  const delivery = createDelivery({ cache: here.cache, timeoutMs: 1_000 }, on);
  return { here, errors, delivery };
}

it("has delivered many tags when it has every part of them, and hands over the others all the same", async () => {
  const { here, delivery } = start();
  const tags = Array.from({ length: 600 }, (_, n) => `item:${n}`);
  const rows = [
    { id: "1", tags },
    { id: "2", tags: ["item:0", "menu"] },
  ];
  here.before = () => {
    here.isAway = here.calls.length === 1;
  };
  expect(await delivery.hand(rows)).toBe(false);
  expect(here.calls.map(({ length }) => length)).toEqual([500, 101]);
  expect([...here.handed]).toEqual([...tags, "menu"]);
  expect(await delivery.hand(rows)).toBe(true);
});

it("has not delivered a row that it cannot read until everything is known to be evicted", async () => {
  const { here, errors, delivery } = start();
  const rows = [{ id: "1", tags: undefined }];
  here.isAway = true;
  expect(await delivery.hand(rows)).toBe(false);
  here.isAway = false;
  const { clear } = here.cache;
  here.cache.clear = async () => {
    throw new Error("no such thing");
  };
  expect(await delivery.hand(rows)).toBe(false);
  expect(errors.at(-1)?.message).toContain("no such thing");
  here.cache.clear = clear;
  expect(await delivery.hand(rows)).toBe(true);
});
