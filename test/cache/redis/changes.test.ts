import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Position } from "../../../src/cache/position.js";
import { type Changes, createChanges } from "../../../src/cache/redis/changes.js";
import type { EvictionLog } from "../../../src/cache/redis/log.js";
import { createGate, type Gate } from "../../support/gate.js";

const listener = {
  onTag: vi.fn(),
  onKey: vi.fn(),
  onAll: vi.fn(),
  onGap: vi.fn(),
  onOpen: vi.fn(),
};
/** What the log says, and what holds its answers up. */
let head: Position;
let beforeAnswer: Gate | undefined;
let changes: Changes;

beforeEach(() => {
  vi.clearAllMocks();
  head = { epoch: 10, n: 5 };
  beforeAnswer = undefined;
  const read = async () => {
    const answer = head;
    await beforeAnswer?.pass();
    return answer;
  };
  changes = createChanges({ read } as EvictionLog, listener);
});

const turns = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
};

async function open(): Promise<void> {
  changes.connect();
  await turns();
  expect(listener.onOpen).toHaveBeenCalledTimes(1);
}

const at = (n: number) => `0000000a:${n}`;

describe("a stream of changes", () => {
  test("tells tags and keys, and how far it has told", async () => {
    await open();
    changes.hearEviction(`${at(6)} menu`);
    changes.hearEviction(" a tag: with spaces");
    changes.hearEviction(at(7));
    changes.hearKey("key");
    expect(listener.onTag.mock.calls.flat()).toEqual(["menu", "a tag: with spaces"]);
    expect(listener.onKey).toHaveBeenCalledWith("key");
    expect(changes.told).toEqual({ epoch: 10, n: 7 });
  });

  test("has told no further than the first that is missing", async () => {
    await open();
    changes.hearEviction(`${at(8)} c`);
    changes.hearEviction(`${at(7)} b`);
    expect(changes.told?.n).toBe(5);
    changes.hearEviction(`${at(6)} a`);
    expect(changes.told?.n).toBe(8);
  });

  test("loses none that comes while it learns where the log stands", async () => {
    const gate = createGate();
    beforeAnswer = gate;
    changes.connect();
    await gate.arrived;
    changes.hearEviction(`${at(4)} old`);
    changes.hearEviction(`${at(6)} new`);
    gate.open();
    await turns();
    expect(changes.told?.n).toBe(6);
  });

  test("is complete where the log is no further", async () => {
    await open();
    expect(await changes.isComplete()).toBe(true);
    expect(listener.onGap).not.toHaveBeenCalled();
  });

  test("waits for one that trails before it takes it for lost", async () => {
    await open();
    head = { epoch: 10, n: 6 };
    const complete = changes.isComplete();
    await turns();
    changes.hearEviction(`${at(6)} menu`);
    expect(await complete).toBe(true);
  });

  test("begins anew where one was lost", async () => {
    await open();
    head = { epoch: 10, n: 6 };
    expect(await changes.isComplete()).toBe(false);
    expect(listener.onGap).toHaveBeenCalledTimes(1);
    await turns();
    expect(listener.onOpen).toHaveBeenCalledTimes(2);
    expect(changes.told).toEqual(head);
  });

  test("begins anew with a new log, and tells that everything went", async () => {
    await open();
    head = { epoch: 11, n: 0 };
    changes.hearEviction("0000000b:0");
    expect(listener.onAll).toHaveBeenCalledTimes(1);
    await turns();
    expect(changes.told).toEqual(head);
    expect(listener.onOpen).toHaveBeenCalledTimes(2);
  });

  test("keeps what it had told when it is cut off, and is never complete until it is back", async () => {
    await open();
    changes.disconnect();
    expect(listener.onGap).toHaveBeenCalledTimes(1);
    expect(await changes.isComplete()).toBe(false);
    expect(changes.told?.n).toBe(5);
    head = { epoch: 10, n: 9 };
    changes.connect();
    await turns();
    expect(changes.told?.n).toBe(9);
  });
});
