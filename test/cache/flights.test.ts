import { describe, expect, test } from "vitest";
import type { EntrySettings } from "../../src/cache/entry-settings.js";
import {
  cameBefore,
  Flights,
  isNoYounger,
  type Landing,
  mayJoinBareLoad,
  mayJoinFill,
} from "../../src/cache/flights.js";
import type { Position } from "../../src/cache/position.js";
import { nextSequence } from "../../src/cache/sequence.js";
import type { Reading } from "../../src/cache/store.js";

const nonces = new Map([
  ["menu", "nonce-01"],
  ["item", "nonce-02"],
]);

/** A reading sent now, which found the flight's lease and the versions above. */
function readNow(reading: Partial<Reading> = {}): Reading {
  return {
    sequence: nextSequence(),
    token: "leader-1",
    valid: false,
    pass: false,
    doomed: false,
    lease: { token: "leader-1", remainingMs: 1_000, doomed: false },
    versions: nonces,
    isCoveredBy: () => true,
    ...reading,
  };
}

type Age = Pick<EntrySettings, "since"> & Partial<Pick<EntrySettings, "loadGroup">>;

function startFlight(since?: Position | null) {
  const flight = new Flights().start("menu", { since, loadGroup: undefined, tags: [] });
  flight.token = "leader-1";
  flight.nonces = nonces;
  return flight;
}

const value: Landing = { type: "value", value: 1, tags: [], earlyOnly: false };

describe("flights", () => {
  test("are found by their key while they are under way", () => {
    const flights = new Flights();
    expect(flights.get("menu")).toBeUndefined();
    const flight = flights.start("menu", { since: undefined, loadGroup: undefined, tags: [] });
    expect(flights.get("menu")).toBe(flight);
    expect(flights.get("order")).toBeUndefined();
    flight.land(value);
    expect(flights.get("menu")).toBeUndefined();
  });

  test("tell all who joined how they landed, for good", async () => {
    const flight = startFlight();
    const joined = [flight.landed, flight.landed];
    flight.land(value);
    flight.land({ type: "again" });
    expect(await Promise.all(joined)).toEqual([value, value]);
    expect(await flight.landed).toBe(value);
  });

  test("that land have settled their lease as well: nobody waits for it in vain", async () => {
    const flight = startFlight();
    flight.land({ type: "again" });
    await flight.leased;
  });

  test("that took another's place stay when that one lands", () => {
    const flights = new Flights();
    const first = flights.start("menu", { since: undefined, loadGroup: undefined, tags: [] });
    const second = flights.start("menu", { since: undefined, loadGroup: undefined, tags: [] });
    first.land(value);
    expect(flights.get("menu")).toBe(second);
  });

  test("are joined by nobody once they were left; who had joined still hears", async () => {
    const flights = new Flights();
    const flight = flights.start("menu", { since: undefined, loadGroup: undefined, tags: [] });
    const joined = flight.landed;
    flights.leave("menu");
    expect(flights.get("menu")).toBeUndefined();
    flight.land(value);
    expect(await joined).toBe(value);
  });
});

describe("a reader may share a fill", () => {
  test("when its read was sent before the fill began, whatever it found", () => {
    const reading = readNow({ lease: undefined, versions: new Map() });
    expect(mayJoinFill(startFlight(), reading)).toBe(true);
  });

  test("when its read, sent later, found the fill's lease and the very versions of its snapshot", () => {
    const flight = startFlight();
    expect(mayJoinFill(flight, readNow())).toBe(true);
  });

  test.each<[string, Partial<Reading>]>([
    ["no lease", { lease: undefined }],
    ["another's lease", { lease: { token: "leader-2", remainingMs: 1_000, doomed: false } }],
    ["a doomed lease", { lease: { token: "leader-1", remainingMs: 1_000, doomed: true } }],
    ["a version that moved", { versions: new Map([...nonces, ["item", "nonce-03"]]) }],
    ["a version that was lost", { versions: new Map([["menu", "nonce-01"]]) }],
    [
      "versions of other tags",
      {
        versions: new Map([
          ["menu", "nonce-01"],
          ["x", "nonce-02"],
        ]),
      },
    ],
    ["a tag more", { versions: new Map([...nonces, ["more", "nonce-09"]]) }],
  ])("not when its read, sent later, found %s", (_, found) => {
    const flight = startFlight();
    expect(mayJoinFill(flight, readNow(found))).toBe(false);
  });

  test("not when its read, sent later, came before the lease was granted", () => {
    const flight = new Flights().start("menu", {
      since: undefined,
      loadGroup: undefined,
      tags: [],
    });
    expect(mayJoinFill(flight, readNow())).toBe(false);
  });

  test("of a key without tags as long as the lease is the fill's", () => {
    const flight = startFlight();
    flight.nonces = new Map();
    expect(mayJoinFill(flight, readNow({ versions: new Map() }))).toBe(true);
    expect(mayJoinFill(flight, readNow({ versions: new Map(), lease: undefined }))).toBe(false);
  });
});

describe("a reader may share a load without lease", () => {
  const begun: Position = { epoch: 1, n: 5 };

  test("under unmoved versions, or when its read was sent before, and its operation is no younger", () => {
    const early = readNow({ versions: new Map() });
    const flight = startFlight(begun);
    expect(mayJoinBareLoad(flight, early, begun)).toBe(true);
    expect(mayJoinBareLoad(flight, readNow({ lease: undefined }), begun)).toBe(true);
    expect(mayJoinBareLoad(flight, readNow(), { epoch: 1, n: 4 })).toBe(true);
  });

  test("not when a version moved since", () => {
    const moved = new Map([...nonces, ["item", "nonce-03"]]);
    expect(mayJoinBareLoad(startFlight(begun), readNow({ versions: moved }), begun)).toBe(false);
  });

  test("are not for a reader who saw an eviction that the loader's operation may not have, though both are of one position", () => {
    const seen: Position[] = [];
    const isCoveredBy = (since: Position) => {
      seen.push(since);
      return false;
    };
    expect(mayJoinBareLoad(startFlight(begun), readNow({ isCoveredBy }), begun)).toBe(false);
    expect(seen).toEqual([begun]);
    const ageless = startFlight();
    expect(mayJoinBareLoad(ageless, readNow({ isCoveredBy }), undefined)).toBe(true);
  });

  test("not when the loader could compare no versions", () => {
    const flight = startFlight(begun);
    flight.nonces = undefined;
    expect(mayJoinBareLoad(flight, readNow(), begun)).toBe(false);
  });

  test("not when its operation began after the loader's, even if its read was sent before", () => {
    const early = readNow();
    expect(mayJoinBareLoad(startFlight(begun), early, { epoch: 1, n: 6 })).toBe(false);
  });
});

describe("a reader of an operation may share a load of none", () => {
  const ages: (Position | null)[] = [{ epoch: 1, n: 5 }, null];

  test("under the same conditions as other readers, since that remembers nothing from before", () => {
    for (const since of ages) {
      const early = readNow({ versions: new Map() });
      const [flight, later] = [startFlight(), readNow()];
      expect(mayJoinBareLoad(flight, early, since)).toBe(true);
      expect(mayJoinBareLoad(flight, later, since)).toBe(true);
      const moved = readNow({ versions: new Map([...nonces, ["item", "nonce-03"]]) });
      expect(mayJoinBareLoad(flight, moved, since)).toBe(false);
      expect(mayJoinBareLoad(flight, readNow({ token: "leader-2" }), since)).toBe(false);
    }
  });

  test("and nobody without one may share an operation's", () => {
    const early = readNow();
    for (const age of ages) expect(mayJoinBareLoad(startFlight(age), early, undefined)).toBe(false);
  });
});

describe("a result that hangs on tags nobody knew", () => {
  const group = {};
  const [since, ageless] = [{ epoch: 1, n: 5 }, undefined];

  test.each<[string, Age, Age, boolean]>([
    ["who belongs to no operation, like its load", { since: ageless }, { since: ageless }, true],
    [
      "who shares its load's operation",
      { since, loadGroup: group },
      { since, loadGroup: group },
      true,
    ],
    ["who belongs to another", { since, loadGroup: {} }, { since, loadGroup: group }, false],
    ["who may belong to another", { since }, { since }, false],
    ["who belongs to none, unlike its load", { since: ageless }, { since }, false],
    ["who belongs to one, unlike its load", { since }, { since: ageless }, false],
  ])("is, or is not, for one %s", (_, reader, loader, expected) => {
    const early = readNow();
    const { loadGroup } = loader;
    const flight = new Flights().start("menu", { since: loader.since, loadGroup, tags: [] });
    expect(cameBefore(flight, early, reader as EntrySettings)).toBe(expected);
    expect(cameBefore(flight, readNow(), reader as EntrySettings)).toBe(false);
  });
});

describe("an operation is no younger than a loader's", () => {
  const at = (n: number, epoch = 1): Position => ({ epoch, n });

  test.each<[string, Position | null | undefined, Position | null | undefined, boolean]>([
    ["as old", at(5), at(5), true],
    ["older", at(4), at(5), true],
    ["younger", at(6), at(5), false],
    ["of another epoch", at(4, 2), at(5), false],
    ["without age, like the loader", undefined, undefined, true],
    ["without age, unlike the loader", undefined, at(5), false],
    ["with an age, unlike the loader", at(5), undefined, false],
    ["of unknown age", null, at(5), false],
    ["of unknown age, like the loader", null, null, false],
    ["beside a loader of unknown age", undefined, null, false],
    [
      "as old, after as many evictions of its own",
      { ...at(5), own: 2 },
      { ...at(5), own: 2 },
      true,
    ],
    ["as old, after an eviction of its own", { ...at(5), own: 1 }, at(5), false],
  ])("%s", (_, since, loader, expected) => {
    expect(isNoYounger(since, loader)).toBe(expected);
  });
});
