import { describe, expect, it } from "vitest";
import { outagesOf } from "./check-outages.js";
import { findOverlaps } from "./check-overlap.js";
import { findUnpaid } from "./check-promotions.js";
import { findStaleReads } from "./check-stale.js";
import { createHistory, type History, type IssueBegin } from "./history.js";

const LIMITS = { leaseMs: 400, untilMs: Number.POSITIVE_INFINITY };

function issue(history: History, beginMs: number, endMs: number, aim: Partial<IssueBegin>): void {
  const name = `i${history.issues.size}`;
  const nothing = { worker: "p1", tags: [], keys: [], everything: false };
  history.beginIssue({ type: "issue", issue: name, beginMs, ...nothing, ...aim });
  history.add({ type: "issued", issue: name, endMs, done: true });
}

describe("Two loads of one key at once", () => {
  /** One leased at 100 and one leased at 200, both under way until 300. */
  function twoLoads(): History {
    const history = createHistory();
    for (const leasedMs of [100, 200]) {
      const load = `l${leasedMs}`;
      const times = { calledMs: 0, leasedMs, beginMs: leasedMs + 5 };
      history.beginLoad({
        type: "load",
        worker: `p${leasedMs}`,
        key: "soups",
        load,
        tags: ["menu"],
        ...times,
      });
      history.add({ type: "loaded", load, endMs: 300, threw: false });
    }
    return history;
  }

  it("are wrong", () => {
    expect(findOverlaps(twoLoads(), LIMITS)).toHaveLength(1);
  });

  it.each<[string, Partial<IssueBegin>]>([
    ["tag", { tags: ["menu"] }],
    ["key", { keys: ["soups"] }],
    ["everything", { everything: true }],
  ])("are right where %s was evicted between the leases, whoever asked for it", (_, aim) => {
    const history = twoLoads();
    issue(history, 150, 160, aim);
    expect(findOverlaps(history, LIMITS)).toEqual([]);
  });

  it.each<[string, number, number, Partial<IssueBegin>]>([
    ["something else was evicted", 150, 160, { tags: ["drinks"], keys: ["beers"] }],
    ["the eviction was over before the lease was asked for", 50, 99, { tags: ["menu"] }],
    ["the eviction came after the later one began", 210, 220, { tags: ["menu"] }],
  ])("are wrong where %s", (_, beginMs, endMs, aim) => {
    const history = twoLoads();
    issue(history, beginMs, endMs, aim);
    expect(findOverlaps(history, LIMITS)).toHaveLength(1);
  });
});

describe("Two loads of one key at once, the first of a process that was killed", () => {
  /** The first was begun at 100 by a process that was last heard then, and the second at 200. */
  function killed(heardMs: number, diedMs: number): History {
    const history = createHistory();
    for (const [load, beginMs] of [
      ["first", 100],
      ["second", 200],
    ] as const) {
      const times = { calledMs: beginMs, leasedMs: beginMs, beginMs };
      const aim = { type: "load", worker: "p1", key: "soups", load, tags: [] } as const;
      history.beginLoad({ ...aim, ...times });
    }
    history.hear("p1", heardMs);
    history.end("p1", diedMs);
    return history;
  }

  it("are right where it may have ended unheard", () => {
    expect(findOverlaps(killed(150, 220), LIMITS)).toEqual([]);
  });

  it("are wrong where it was heard of to run", () => {
    expect(findOverlaps(killed(250, 260), LIMITS)).toHaveLength(1);
  });
});

describe("On a cluster, of which a process lost two nodes", () => {
  /** p1 evicted in vain at 100; one node was back at 200, and the other at 300, when it evicted again. */
  function twoNodes(): History {
    const history = createHistory();
    for (const [type, atMs, node] of [
      ["outage", 50, "a"],
      ["outage", 60, "b"],
      ["recovery", 200, "a"],
      ["recovery", 300, "b"],
    ] as const) {
      history.add({ type, worker: "p1", atMs, node });
    }
    const write = { type: "evict", write: "w", worker: "p1", tags: ["menu"] } as const;
    history.beginWrite({ ...write, beginMs: 100 }, { menu: 2 });
    history.add({ type: "written", write: "w", beginMs: 100, endMs: 110, done: false });
    return history;
  }

  function read(worker: string, beginMs: number, loadBeganMs: number) {
    const times = { beginMs, endMs: beginMs + 1, operation: "o", operationBeganMs: beginMs };
    const value = {
      load: "l",
      worker,
      operation: "other",
      beganMs: loadBeganMs,
      seenMs: loadBeganMs,
      versions: { menu: 1 },
    };
    return { type: "read", worker, key: "soups", how: "outage", ...times, value } as const;
  }

  function readAt(beginMs: number): History {
    const history = twoNodes();
    history.reads.push(read("p2", beginMs, 20));
    return history;
  }

  it("an eviction counts as delivered when both are back, and not before", () => {
    expect(findStaleReads(readAt(250))).toEqual([]);
    expect(findStaleReads(readAt(310))).toHaveLength(1);
  });

  /** p2 evicted at 230 what p1 had begun to load at 210, and p1 answers two reads with, at 240 and at 310. */
  function shared(leasedMs?: number): History {
    const history = twoNodes();
    const times = { calledMs: 210, beginMs: 210, leasedMs };
    history.beginLoad({ type: "load", worker: "p1", key: "soups", load: "l", tags: [], ...times });
    const write = { type: "evict", write: "other", worker: "p2", tags: ["menu"] } as const;
    history.beginWrite({ ...write, beginMs: 220 }, { menu: 2 });
    history.add({ type: "written", write: "other", beginMs: 220, endMs: 230, done: true });
    history.reads.push(read("p1", 240, 210), read("p1", 310, 210));
    return history;
  }

  it.each([
    [
      "without a lease it may share until the last is back, and no longer",
      undefined,
      "shared in an outage",
    ],
    ["under a lease it may not share at all", 210, undefined],
  ])("what a process loaded %s", (_, leasedMs, apart) => {
    const found = findStaleReads(shared(leasedMs)).map((stale) => [
      stale.read.beginMs,
      stale.apart,
    ]);
    expect(found).toEqual([
      [240, apart],
      [310, undefined],
    ]);
  });

  it("each outage lasts until its own node is back", () => {
    expect(outagesOf(twoNodes()).map(({ lastedMs }) => lastedMs)).toEqual([150, 240]);
  });
});

describe("After a failover", () => {
  /** p1 evicted at 100; the failover was from 1000 to 1100, and p1 saw it at 1200 and used the store again at 1300. */
  function failover({ isSeen = true } = {}): History {
    const history = createHistory();
    const lease = { calledMs: 50, leasedMs: 50, beginMs: 51 };
    history.beginLoad({ type: "load", worker: "p1", key: "soups", load: "l", tags: [], ...lease });
    issue(history, 100, 101, { tags: ["menu"] });
    history.faults.push({ type: "fault", fault: "failover", beginMs: 1000, endMs: 1100 });
    if (!isSeen) return history;
    history.add({ type: "promotion", worker: "p1", atMs: 1200, lostMs: 1150 });
    history.add({ type: "recovery", worker: "p1", atMs: 1300 });
    return history;
  }

  it("all is well where what was evicted is evicted again before the store is used again", () => {
    const history = failover();
    issue(history, 1250, 1260, { tags: ["menu", "drinks"] });
    expect(findUnpaid(history)).toEqual([]);
  });

  it.each([
    ["too late", 1310, ["menu"]],
    ["before it was seen", 1150, ["menu"]],
    ["without all of it", 1250, ["drinks"]],
  ])("a process must not evict again %s", (_, beginMs, tags) => {
    const history = failover();
    issue(history, beginMs, beginMs + 1, { tags });
    expect(findUnpaid(history)).toMatchObject([{ worker: "p1" }]);
  });

  it("a process that lives must see it", () => {
    expect(findUnpaid(failover({ isSeen: false }))).toMatchObject([{ worker: "p1" }]);
  });

  it("a process that died owes nothing", () => {
    const history = failover({ isSeen: false });
    history.hear("p1", 1050);
    history.end("p1", 1060);
    expect(findUnpaid(history)).toEqual([]);
  });
});
