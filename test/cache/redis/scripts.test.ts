import { readdirSync } from "node:fs";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { evaluate } from "../../../src/cache/redis/connection.js";
import { StoredRecord, writeBody, writePosition } from "../../../src/cache/redis/record.js";
import { type Script, scripts } from "../../../src/cache/redis/scripts.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const LEASE_MS = 60_000;
const LIFE_MS = 3_600_000;
const ONE = "token-01";
const TWO = "token-02";
const HEAD_BYTES = 25;
const LARGEST_PUSH = 100;

const V = "c:v:menu";
const W = "c:x:{c:v:menu}";
const WAKE = "c:wake:menu";
const T = "c:t:{0}menu";
const INDEX_BASE = "c:i:{0}menu:";
const PENDING = "c:p:{0}";
const LOG = "c:log";

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = server.client();
  for (const { lua } of Object.values(scripts)) await redis.script("LOAD", lua);
});

beforeEach(() => redis.flushall());

afterEach(async () => {
  for (const name of await redis.keys("*")) {
    expect(await redis.pttl(name), `${name} must expire`).toBeGreaterThan(0);
  }
});

afterAll(() => server.stop());

function run(script: Script, keys: string[], ...args: Array<string | number | Buffer>) {
  const [name, ...rest] = evaluate(script, keys, ...args);
  return redis.call(name, rest);
}

const take = (token: string, over: string, leaseMs = LEASE_MS, overHeld = 1) =>
  run(scripts.takeLease, [V], token, leaseMs, writePosition({ epoch: 7, n: 9 }), over, overHeld);
const renew = (token: string, leaseMs = LEASE_MS) => run(scripts.renewLease, [V], token, leaseMs);
const AGE = writePosition({ epoch: 7, n: 5 });
const commit = (token: string, text = "value", lifeMs = LIFE_MS) =>
  run(scripts.commitEntry, [V], token, bodyOf(text), lifeMs, WAKE, LARGEST_PUSH, AGE);
const release = (token: string, passMs: number) =>
  run(scripts.releaseLease, [V], token, passMs, WAKE);

function bodyOf(text: string, tags: string[] = [], nonces: string[] = []): Buffer {
  const windows = { staleWhileRevalidateMs: 0, staleIfErrorMs: 0, loadMs: 5 };
  return writeBody({
    ttlMs: LIFE_MS,
    ...windows,
    tags,
    nonces,
    format: 1,
    value: Buffer.from(text),
  });
}

async function stored(): Promise<StoredRecord | undefined> {
  return StoredRecord.of(await redis.getBuffer(V));
}

/** What the key is, in words. */
async function state(): Promise<string> {
  const record = await stored();
  if (!record) return "absent";
  const kind = record.isAtRest ? "at rest" : record.isPass ? "pass" : "leased";
  const value = record.entry ? `, holding ${Buffer.from(record.entry.value)}` : "";
  return `${kind} by ${record.token}${value}`;
}

/** Lets a lease or pass marker run out now, without waiting: its deadline is moved into the past. */
async function runOut(): Promise<void> {
  const past = Buffer.alloc(6);
  past.writeUIntBE((await serverNow()) - 1, 0, 6);
  await redis.setrange(V, 9, past);
}

async function serverNow(): Promise<number> {
  const [seconds, microseconds] = (await redis.time()).map(Number) as [number, number];
  return seconds * 1000 + Math.floor(microseconds / 1000);
}

/** An entry that is there already, as a filler left it. */
async function fillWith(text: string, lifeMs = LIFE_MS): Promise<void> {
  await take(ONE, "*");
  await commit(ONE, text, lifeMs);
}

/** Runs `work` and gives the messages it published on a channel. */
async function published(channel: string, work: () => Promise<unknown>): Promise<string[]> {
  const heard: string[] = [];
  const subscriber = server.client();
  subscriber.on("message", (_, message: string) => heard.push(message));
  await subscriber.subscribe(channel);
  await work();
  // Pushes come before the answer to what is asked after them.
  await subscriber.unsubscribe(channel);
  subscriber.disconnect();
  return heard;
}

describe("every script", () => {
  const all = Object.values(scripts);

  test("stands in a file of the folder, and every file is a script", () => {
    const folder = new URL("../../../src/cache/redis/scripts/", import.meta.url);
    const files = readdirSync(folder).sort();
    expect(all.map(({ name }) => `${name}.lua`).sort()).toEqual(files);
  });

  test.each(all)("$name tells its purpose, keys, arguments and what it returns", (script) => {
    const header = headerOf(script);
    expect(header.purpose).not.toBe("");
    expect(header.returns).not.toBe("");
    const used = usedIn(script.lua);
    expect(used.KEYS, "keys used").toEqual(numbersTo(header.keys));
    expect(used.ARGV, "arguments used").toEqual(numbersTo(header.args));
  });

  test("is known to the server by the digest it is called with", async () => {
    const known = await redis.script("EXISTS", ...all.map(({ sha }) => sha));
    expect(known).toEqual(all.map(() => 1));
  });
});

describe("take-lease", () => {
  test("takes an absent key, with the log's head and a deadline on the server's clock", async () => {
    const before = await serverNow();
    expect(await take(ONE, "")).toBe(1);
    const after = await serverNow();
    expect(await state()).toBe(`leased by ${ONE}`);
    const record = await stored();
    expect(record?.position).toEqual({ epoch: 7, n: 9 });
    expect(record?.deadlineMs).toBeGreaterThanOrEqual(before + LEASE_MS);
    expect(record?.deadlineMs).toBeLessThanOrEqual(after + LEASE_MS);
    expect(await redis.pttl(V)).toBeLessThanOrEqual(LEASE_MS);
  });

  test("refuses who saw the key absent when somebody took it meanwhile", async () => {
    await take(ONE, "");
    expect(await take(TWO, "")).toBe(0);
    expect(await state()).toBe(`leased by ${ONE}`);
  });

  test("refuses who saw another entry than the one that is there", async () => {
    await fillWith("old");
    expect(await take(TWO, "")).toBe(0);
    expect(await take(TWO, "token-99")).toBe(0);
    expect(await state()).toBe(`at rest by ${ONE}, holding old`);
  });

  test("takes over what its caller saw: an entry, a live lease, a pass marker", async () => {
    await fillWith("old");
    expect(await take(TWO, ONE)).toBe(1);
    expect(await state()).toBe(`leased by ${TWO}, holding old`);
    expect(await take("token-03", TWO)).toBe(1);
    await release("token-03", 1_000);
    expect(await take("token-04", "token-03")).toBe(1);
    expect(await state()).toBe("leased by token-04, holding old");
  });

  test("leaves what holds to its holder, unless its caller knows it to be doomed", async () => {
    await fillWith("old");
    await take(ONE, ONE);
    expect(await take(TWO, ONE, LEASE_MS, 0)).toBe(0);
    await release(ONE, 60_000);
    expect(await take(TWO, ONE, LEASE_MS, 0)).toBe(0);
    await runOut();
    expect(await take(TWO, ONE, LEASE_MS, 0)).toBe(1);
  });

  test("takes over a lease or pass marker that ran out, whatever its caller saw", async () => {
    await take(ONE, "");
    await runOut();
    expect(await take(TWO, "token-99")).toBe(1);
    await release(TWO, 60_000);
    expect(await take("token-03", "token-99")).toBe(0);
    await runOut();
    expect(await take("token-03", "token-99")).toBe(1);
  });

  test('takes over anything for "*"', async () => {
    await fillWith("old");
    expect(await take(TWO, "*")).toBe(1);
    expect(await take("token-03", "*")).toBe(1);
    expect(await state()).toBe("leased by token-03, holding old");
  });

  test("lets the entry live as long as before, and at least as long as the lease", async () => {
    await fillWith("old");
    await take(TWO, ONE);
    expect(await redis.pttl(V)).toBeGreaterThan(LIFE_MS - 10_000);
    await redis.pexpire(V, 100);
    await take("token-03", TWO);
    expect(await redis.pttl(V)).toBeGreaterThan(LEASE_MS - 10_000);
  });

  test("gives the pending write of its key with the lease, to whoever asks for it", async () => {
    const [asked, sequence] = [[V, W], "0000000000000007"];
    const position = writePosition({ epoch: 7, n: 9 });
    const takeAsking = (token: string, over: string) =>
      run(scripts.takeLease, asked, token, LEASE_MS, position, over, 0);
    expect(await takeAsking(ONE, "*")).toBe(1);
    await redis.set(W, `${sequence}the pin`, "PX", LIFE_MS);
    expect(await takeAsking(TWO, "*")).toBe(`${sequence}the pin`);
    expect(await state()).toBe(`leased by ${TWO}`);
    expect(await takeAsking("token-03", "")).toBe(0);
    expect(await take("token-03", "*")).toBe(1);
    // Nothing is pending any more.
    await redis.set(W, sequence, "PX", LIFE_MS);
    expect(await takeAsking("token-04", "*")).toBe(1);
  });
});

describe("renew-lease", () => {
  test("moves the deadline, and nothing else of the head", async () => {
    await take(ONE, "", 5_000);
    expect(await renew(ONE, LEASE_MS)).toBe(1);
    const record = await stored();
    expect(record?.deadlineMs).toBeGreaterThan((await serverNow()) + LEASE_MS - 10_000);
    expect(record?.position).toEqual({ epoch: 7, n: 9 });
    expect(await state()).toBe(`leased by ${ONE}`);
    expect(await redis.pttl(V)).toBeGreaterThan(5_000);
  });

  test("never shortens the entry's life", async () => {
    await fillWith("old");
    await take(TWO, ONE);
    await renew(TWO, 1_000);
    expect(await redis.pttl(V)).toBeGreaterThan(LIFE_MS - 10_000);
    expect(await state()).toBe(`leased by ${TWO}, holding old`);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["is absent", async () => {}],
    ["is another's", () => take(TWO, "")],
    ["was taken over", () => take(ONE, "").then(() => take(TWO, ONE))],
    ["ran out, even if nobody took it since", () => take(ONE, "").then(runOut)],
    ["was given up", () => take(ONE, "").then(() => release(ONE, 1_000))],
    ["was committed", () => fillWith("old")],
    ["is no record of ours", () => redis.set(V, "short", "PX", LIFE_MS)],
  ])("refuses a lease that %s", async (_, prepare) => {
    await prepare();
    const before = await redis.getBuffer(V);
    expect(await renew(ONE)).toBe(0);
    expect(await redis.getBuffer(V)).toEqual(before);
  });
});

describe("commit-entry", () => {
  test("writes the entry at rest under the lease's token, and tells its birth", async () => {
    await take(ONE, "");
    const before = await serverNow();
    const birth = Number(await commit(ONE, "fresh"));
    expect(birth).toBeGreaterThanOrEqual(before);
    expect(birth).toBeLessThanOrEqual(await serverNow());
    expect(await state()).toBe(`at rest by ${ONE}, holding fresh`);
    expect((await stored())?.entry?.birthMs).toBe(birth);
  });

  test("replaces an old entry, life and all", async () => {
    await fillWith("a longer old value", LIFE_MS * 10);
    await take(TWO, ONE);
    await commit(TWO, "fresh", LIFE_MS);
    expect(await state()).toBe(`at rest by ${TWO}, holding fresh`);
    expect(await redis.pttl(V)).toBeLessThanOrEqual(LIFE_MS);
  });

  test("wakes the waiters, and a refused one wakes nobody", async () => {
    await take(ONE, "");
    expect(await published(WAKE, () => commit(ONE, "x".repeat(100)))).toEqual([""]);
    expect(await published(WAKE, () => commit(ONE))).toEqual([]);
  });

  test("pushes a small entry whole, as it was written", async () => {
    await take(ONE, "");
    const heard: Buffer[] = [];
    const subscriber = server.client();
    subscriber.on("messageBuffer", (_, message: Buffer) => heard.push(message));
    await subscriber.subscribe(WAKE);
    await commit(ONE, "small");
    await subscriber.unsubscribe(WAKE);
    subscriber.disconnect();
    expect(heard).toEqual([await redis.getBuffer(V)]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["is absent", async () => {}],
    ["is another's", () => take(TWO, "")],
    ["was taken over", () => take(ONE, "").then(() => take(TWO, ONE))],
    ["ran out, even if nobody took it since", () => take(ONE, "").then(runOut)],
    ["was given up", () => take(ONE, "").then(() => release(ONE, 60_000))],
    ["was committed already", () => fillWith("old")],
    ["was deleted with its key", () => take(ONE, "").then(() => deleteEntry())],
    ["is no record of ours", () => redis.set(V, "short", "PX", LIFE_MS)],
  ])("refuses a lease that %s", async (_, prepare) => {
    await prepare();
    const before = await redis.getBuffer(V);
    expect(await commit(ONE, "late")).toBe(0);
    expect(await redis.getBuffer(V)).toEqual(before);
  });
});

describe("release-lease", () => {
  test("leaves nothing where there was no entry", async () => {
    await take(ONE, "");
    expect(await release(ONE, 0)).toBe(1);
    expect(await redis.exists(V)).toBe(0);
  });

  test("leaves the entry as it was where there was one", async () => {
    await fillWith("old");
    const body = await redis.getrangeBuffer(V, HEAD_BYTES, -1);
    await take(TWO, ONE);
    expect(await release(TWO, 0)).toBe(1);
    expect(await state()).toBe(`at rest by ${TWO}, holding old`);
    expect(await redis.getrangeBuffer(V, HEAD_BYTES, -1)).toEqual(body);
    expect(await redis.pttl(V)).toBeGreaterThan(LIFE_MS - 10_000);
  });

  test("leaves a pass marker that goes by itself where there was no entry", async () => {
    await take(ONE, "");
    expect(await release(ONE, 1_000)).toBe(1);
    expect(await state()).toBe(`pass by ${ONE}`);
    const deadline = (await stored())?.deadlineMs ?? 0;
    expect(Math.abs(deadline - (await serverNow()) - 1_000)).toBeLessThan(900);
    expect(await redis.pttl(V)).toBeLessThanOrEqual(1_000);
  });

  test("leaves a pass marker before the entry, whose life it does not shorten", async () => {
    await fillWith("old");
    await take(TWO, ONE);
    await release(TWO, 1_000);
    expect(await state()).toBe(`pass by ${TWO}, holding old`);
    expect(await redis.pttl(V)).toBeGreaterThan(LIFE_MS - 10_000);
  });

  test("lets a pass marker live out its time before an entry that is about to go", async () => {
    await fillWith("old");
    await take(TWO, ONE, 10);
    await redis.pexpire(V, 500);
    await release(TWO, 30_000);
    expect(await redis.pttl(V)).toBeGreaterThan(20_000);
  });

  test("gives up a lease that ran out as well, as long as nobody took it", async () => {
    await take(ONE, "");
    await runOut();
    expect(await release(ONE, 0)).toBe(1);
    expect(await redis.exists(V)).toBe(0);
  });

  test.each([0, 1_000])(
    "gives up a lease of a server that is full, with the entry behind it, for a marker of %i ms",
    async (passMs) => {
      await fillWith("old");
      await take(TWO, ONE);
      await redis.config("SET", "maxmemory", "1");
      try {
        expect(await published(WAKE, () => release(TWO, passMs))).toEqual([""]);
      } finally {
        await redis.config("SET", "maxmemory", "0");
      }
      expect(await state()).toBe("absent");
    },
  );

  test("wakes the waiters, and a refused one wakes nobody", async () => {
    await take(ONE, "");
    expect(await published(WAKE, () => release(ONE, 1_000))).toEqual([""]);
    expect(await published(WAKE, () => release(ONE, 1_000))).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["is absent", async () => {}],
    ["is another's", () => take(TWO, "")],
    ["was committed", () => fillWith("old")],
    ["is a pass marker already", () => take(ONE, "").then(() => release(ONE, 60_000))],
  ])("refuses a lease that %s", async (_, prepare) => {
    await prepare();
    const before = await redis.getBuffer(V);
    expect(await release(ONE, 0)).toBe(0);
    expect(await redis.getBuffer(V)).toEqual(before);
  });
});

function deleteEntry() {
  return run(scripts.deleteEntry, [V], WAKE);
}

describe("delete-entry", () => {
  test("deletes entry and lease, and tells whether there was anything", async () => {
    await fillWith("old");
    await take(TWO, ONE);
    expect(await deleteEntry()).toBe(1);
    expect(await redis.exists(V)).toBe(0);
    expect(await deleteEntry()).toBe(0);
  });

  test("wakes the waiters", async () => {
    expect(await published(WAKE, deleteEntry)).toEqual([""]);
  });
});

describe("whatever two fillers do in whatever order", () => {
  const tokens = [ONE, TWO, "token-03"];
  const anyStep = fc.record({
    act: fc.constantFrom(
      "take",
      "take any",
      "renew",
      "commit",
      "release",
      "pass",
      "delete",
      "run out",
    ),
    token: fc.constantFrom(...tokens),
    over: fc.constantFrom("", ...tokens),
  });

  /** The lease protocol in plain words, which the scripts are compared with. */
  interface Model {
    kind: "absent" | "at rest" | "leased" | "pass";
    token: string;
    isLive: boolean;
    value: string;
  }

  test("a lease is changed by its holder alone, and the body by a commit alone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
        await redis.flushall();
        const model: Model = { kind: "absent", token: "", isLive: false, value: "" };
        for (const [index, step] of steps.entries()) {
          const life = await redis.pttl(V);
          expect(await perform(step, `v${index}`), JSON.stringify(step)).toBe(
            expected(model, step, `v${index}`),
          );
          const { kind, token, value } = model;
          const holding = value === "" ? "" : `, holding ${value}`;
          expect(await state()).toBe(
            kind === "absent" ? "absent" : `${kind} by ${token}${holding}`,
          );
          // Slack for the time that passes between the two looks.
          if (value !== "") expect(await redis.pttl(V)).toBeGreaterThan(life - 5_000);
        }
      }),
      { numRuns: 120 },
    );
  });

  type Step = { act: string; token: string; over: string };

  async function perform({ act, token, over }: Step, text: string): Promise<unknown> {
    if (act === "take") return take(token, over);
    if (act === "take any") return take(token, "*");
    if (act === "renew") return renew(token);
    if (act === "commit") return Number(await commit(token, text)) > 0 ? 1 : 0;
    if (act === "release") return release(token, 0);
    if (act === "pass") return release(token, 60_000);
    if (act === "delete") return deleteEntry();
    if ((await redis.exists(V)) === 1) await runOut();
    return "ran out";
  }

  function expected(model: Model, { act, token, over }: Step, text: string): unknown {
    const isMine = model.kind === "leased" && model.token === token;
    const change = (next: Partial<Model>) => {
      Object.assign(model, next);
      return 1;
    };
    switch (act) {
      case "take":
      case "take any": {
        const isSeen = act === "take any" || model.token === over;
        const isSpent = (model.kind === "leased" || model.kind === "pass") && !model.isLive;
        if (model.kind !== "absent" && !isSeen && !isSpent) return 0;
        return change({ kind: "leased", token, isLive: true });
      }
      case "renew":
        return isMine && model.isLive ? 1 : 0;
      case "commit":
        if (!isMine || !model.isLive) return 0;
        return change({ kind: "at rest", isLive: false, value: text });
      case "release":
        if (!isMine) return 0;
        return model.value === ""
          ? change({ kind: "absent", token: "", isLive: false })
          : change({ kind: "at rest", isLive: false });
      case "pass":
        return isMine ? change({ kind: "pass", isLive: true }) : 0;
      case "delete": {
        const existed = model.kind === "absent" ? 0 : 1;
        change({ kind: "absent", token: "", isLive: false, value: "" });
        return existed;
      }
      default:
        model.isLive = false;
        return "ran out";
    }
  }
});

describe("claim-tag", () => {
  const claim = (version: string, lifeMs = 10_000) => run(scripts.claimTag, [T], version, lifeMs);

  test("makes a version where there is none", async () => {
    expect(await claim("nonce-01c")).toBe("nonce-01c");
    expect(await redis.get(T)).toBe("nonce-01c");
  });

  test("makes one in the place of what is of another type", async () => {
    await redis.rpush(T, "not ours");
    expect(await claim("nonce-01c")).toBe("nonce-01c");
    expect(await redis.get(T)).toBe("nonce-01c");
  });

  test("keeps the one that is there", async () => {
    await claim("nonce-01c");
    expect(await claim("nonce-02c")).toBe("nonce-01c");
  });

  test("tells of the version alone, and keeps the entry that stands in it", async () => {
    await redis.set(T, "nonce-01p0000000a:5|menu", "PX", 6_000);
    expect(await claim("nonce-02c")).toBe("nonce-01p0000000a:5");
    await redis.pexpire(T, 1_000);
    expect(await claim("nonce-02c")).toBe("nonce-01p0000000a:5");
    expect(await redis.get(T)).toBe("nonce-01p0000000a:5|menu");
  });

  test("renews a life of which less than half is left, and no other", async () => {
    await claim("nonce-01c", 10_000);
    await redis.pexpire(T, 4_000);
    await claim("nonce-02c", 10_000);
    expect(await redis.pttl(T)).toBeGreaterThan(8_000);
    await redis.pexpire(T, 6_000);
    await claim("nonce-02c", 10_000);
    expect(await redis.pttl(T)).toBeLessThanOrEqual(6_000);
  });

  test("never shortens a life", async () => {
    await claim("nonce-01c", LIFE_MS);
    await claim("nonce-02c", 1_000);
    expect(await redis.pttl(T)).toBeGreaterThan(LIFE_MS - 10_000);
  });
});

describe("position-tag", () => {
  const position = (nonce: string, at: string) => run(scripts.positionTag, [T], nonce, at);

  test("gives a version a position, and no longer life", async () => {
    await redis.set(T, "nonce-01c", "PX", 5_000);
    expect(await position("nonce-01", "0000000a:5")).toBe(1);
    expect(await redis.get(T)).toBe("nonce-01p0000000a:5");
    expect(await redis.pttl(T)).toBeLessThanOrEqual(5_000);
  });

  test("keeps the entry that stands in it", async () => {
    await redis.set(T, "nonce-01c|a:1|2", "PX", 5_000);
    await position("nonce-01", "0000000a:5");
    expect(await redis.get(T)).toBe("nonce-01p0000000a:5|a:1|2");
  });

  test("leaves a position of the same log alone, an eviction's above all", async () => {
    for (const version of ["nonce-01p0000000a:5", "nonce-01e0000000a:5"]) {
      await redis.set(T, version, "PX", 5_000);
      expect(await position("nonce-01", "0000000a:9")).toBe(0);
      expect(await redis.get(T)).toBe(version);
    }
  });

  test("replaces a position of a log that was lost", async () => {
    await redis.set(T, "nonce-01e0000000a:50", "PX", 5_000);
    expect(await position("nonce-01", "0000000b:0")).toBe(1);
    expect(await redis.get(T)).toBe("nonce-01p0000000b:0");
  });

  test("does nothing to another version, or to none", async () => {
    expect(await position("nonce-01", "0000000a:5")).toBe(0);
    expect(await redis.exists(T)).toBe(0);
    await redis.set(T, "nonce-02c", "PX", 5_000);
    expect(await position("nonce-01", "0000000a:5")).toBe(0);
    expect(await redis.get(T)).toBe("nonce-02c");
  });
});

describe("advance-log", () => {
  const advance = (epoch: string, by = 1) => run(scripts.advanceLog, [LOG], epoch, LIFE_MS, by);

  /** How a log names the server that wrote it. */
  const mark = async () =>
    /master_replid:([0-9a-f]{8})/.exec(await redis.info("replication"))?.[1] as string;

  test("advances by one, in the log's own epoch, and renews its life", async () => {
    await redis.set(LOG, `0000000a:41@${await mark()}`, "PX", 5_000);
    expect(await advance("ffffffff")).toBe("0000000a:42");
    expect(await redis.get(LOG)).toBe(`0000000a:42@${await mark()}`);
    expect(await redis.pttl(LOG)).toBeGreaterThan(LIFE_MS - 10_000);
  });

  test.each([
    ["a lost log", undefined],
    ["a log that cannot be read", "garbage"],
    ["a log that another server wrote, which may have gone further there", "0000000a:41@ffffffff"],
    ["a log that does not say who wrote it", "0000000a:41@"],
  ])("begins anew after %s, past its beginning", async (_, left) => {
    if (left) await redis.set(LOG, left, "PX", 5_000);
    expect(await advance("0000000b")).toBe("0000000b:1");
    expect(await redis.get(LOG)).toBe(`0000000b:1@${await mark()}`);
  });

  test("begins where there is none, and stays where there is one, if it is not to advance", async () => {
    expect(await advance("0000000a", 0)).toBe("0000000a:0");
    expect(await advance("ffffffff", 0)).toBe("0000000a:0");
  });

  test("counts on where numbers grow large", async () => {
    await redis.set(LOG, `0000000a:999999999999@${await mark()}`, "PX", 5_000);
    expect(await advance("ffffffff")).toBe("0000000a:1000000000000");
  });
});

const INDEX = `${INDEX_BASE}nonce-01`;
const LIMITS = [20, 4, 2];
const file = (key: string, lifeMs = LIFE_MS, index = INDEX) =>
  run(scripts.fileEntry, [T, index], index.slice(-8), key, lifeMs, ...LIMITS);

describe("file-entry", () => {
  beforeEach(() => redis.set(T, "nonce-01p0000000a:5", "PX", 5_000));

  const members = async () => (await redis.smembers(INDEX)).sort();

  test("lets the tag's only entry stand in its version, however often it is filed", async () => {
    for (const key of ["a:1|2", "a:1|2"]) expect(await file(key)).toEqual([]);
    expect(await redis.get(T)).toBe("nonce-01p0000000a:5|a:1|2");
    expect(await redis.exists(INDEX)).toBe(0);
  });

  test("puts both into a set where a second one comes, and all that follow", async () => {
    await file("menu");
    await file("order");
    expect(await redis.get(T)).toBe("nonce-01p0000000a:5");
    expect(await members()).toEqual(["menu", "order"]);
    await file("order");
    await file("café");
    expect(await redis.get(T)).toBe("nonce-01p0000000a:5");
    expect(await members()).toEqual(["café", "menu", "order"]);
  });

  test("puts a long key into a set at once", async () => {
    await file("a".repeat(21));
    expect(await redis.get(T)).toBe("nonce-01p0000000a:5");
    expect(await members()).toEqual(["a".repeat(21)]);
  });

  test("lets the tag outlive its entries, and the set all that was ever in it", async () => {
    await file("menu");
    expect(await redis.pttl(T)).toBeGreaterThan(LIFE_MS);
    await file("order", 1_000);
    expect(await redis.pttl(INDEX)).toBeGreaterThan(LIFE_MS);
    await file("pizza", 2 * LIFE_MS);
    for (const name of [T, INDEX]) expect(await redis.pttl(name)).toBeGreaterThan(2 * LIFE_MS);
  });

  test("leaves lives alone that are long enough", async () => {
    await file("menu");
    await file("pizza");
    const lives = await Promise.all([redis.pexpiretime(T), redis.pexpiretime(INDEX)]);
    await file("order", LIFE_MS / 2);
    expect(await Promise.all([redis.pexpiretime(T), redis.pexpiretime(INDEX)])).toEqual(lives);
  });

  test("refuses a tag that has moved, or is gone", async () => {
    await redis.set(T, "nonce-02e0000000a:5", "PX", 5_000);
    expect(await file("menu")).toBe(0);
    expect(await redis.get(T)).toBe("nonce-02e0000000a:5");
    expect(await redis.pttl(T)).toBeLessThanOrEqual(5_000);
    await redis.del(T);
    expect(await file("menu")).toBe(0);
    expect(await redis.exists(INDEX)).toBe(0);
  });

  test("gives a sample of a set that is large enough", async () => {
    const replies: unknown[] = [];
    for (const key of ["a", "b", "c", "d", "e"]) replies.push(await file(key));
    const sizes = replies.map((reply) => new Set(reply as string[]).size);
    expect(sizes).toEqual([0, 0, 0, 2, 2]);
    expect(["a", "b", "c", "d", "e"]).toEqual(expect.arrayContaining(replies.flat()));
  });
});

describe("evict-tag", () => {
  const evict = (nonce = "nonce-02", position = "0000000a:5") =>
    run(scripts.evictTag, [T, INDEX_BASE, PENDING], nonce, 1_000, "c:evictions", "food", position);

  async function fileUnder(nonce: string, ...members: string[]): Promise<string> {
    const index = INDEX_BASE + nonce;
    await redis.set(T, `${nonce}c`, "PX", LIFE_MS);
    for (const member of members) await file(member, LIFE_MS, index);
    return index;
  }

  test("gives the tag its new version and life", async () => {
    await fileUnder("nonce-01", "menu");
    await evict();
    expect(await redis.get(T)).toBe("nonce-02e0000000a:5");
    expect(await redis.pttl(T)).toBeLessThanOrEqual(1_000);
  });

  test("advances the log itself where it is on the same server, and tells with which tag", async () => {
    await redis.set(LOG, "0000000b:41@cafe", "PX", 5_000);
    const heard = await published("c:evictions", () => evict("nonce-02", LOG));
    expect(await redis.get(T)).toBe("nonce-02e0000000b:42");
    expect(await redis.get(LOG)).toBe("0000000b:42@cafe");
    expect(heard).toEqual(["0000000b:42 food"]);
  });

  test("changes nothing where the log that it should take it from is gone", async () => {
    await fileUnder("nonce-01", "menu");
    await expect(evict("nonce-02", LOG)).rejects.toThrow("the eviction log was lost");
    expect(await redis.get(T)).toBe("nonce-01c|menu");
  });

  test("tells how many members the old index has, and marks it to be freed", async () => {
    const index = await fileUnder("nonce-01", "menu", "order");
    expect(await evict()).toEqual([2, index, "0000000a:5"]);
    expect(await redis.lrange(PENDING, 0, -1)).toEqual([index]);
    expect(await redis.scard(index)).toBe(2);
  });

  test("puts the tag's only entry into the index, to be freed as all others", async () => {
    const index = await fileUnder("nonce-01", "a:1|2");
    expect(await evict()).toEqual([1, index, "0000000a:5"]);
    expect(await redis.lrange(PENDING, 0, -1)).toEqual([index]);
    expect(await redis.smembers(index)).toEqual(["a:1|2"]);
    for (const name of [PENDING, index]) {
      expect(await redis.pttl(name)).toBeGreaterThan(LIFE_MS - 10_000);
    }
  });

  test("keeps the list as long as the longest of its indexes", async () => {
    const first = await fileUnder("nonce-01", "menu", "order");
    await evict();
    const life = await redis.pttl(PENDING);
    expect(life).toBeGreaterThan(LIFE_MS - 10_000);
    const second = await fileUnder("nonce-03", "menu", "order");
    await redis.pexpire(second, 5_000);
    await evict("nonce-04", "0000000a:6");
    expect(await redis.lrange(PENDING, 0, -1)).toEqual([first, second]);
    expect(await redis.pttl(PENDING)).toBeGreaterThan(life - 5_000);
  });

  test("marks nothing where nothing was filed", async () => {
    expect(await evict()).toEqual([0, "", "0000000a:5"]);
    expect(await redis.exists(PENDING)).toBe(0);
    expect(await evict("nonce-03", "0000000a:6")).toEqual([
      0,
      `${INDEX_BASE}nonce-02`,
      "0000000a:6",
    ]);
    expect(await redis.exists(PENDING)).toBe(0);
  });

  test("tells of the tag alone where the log is elsewhere, and told of by its advance", async () => {
    expect(await published("c:evictions", () => evict())).toEqual([" food"]);
  });
});

describe("free-entries", () => {
  const free = (nonce: string) => run(scripts.freeEntries, [V], nonce);

  async function fillUnder(...nonces: string[]): Promise<void> {
    await take(ONE, "*");
    const tags = nonces.map((_, index) => `tag-${index}-é`);
    await run(
      scripts.commitEntry,
      [V],
      ONE,
      bodyOf("old", tags, nonces),
      LIFE_MS,
      WAKE,
      LARGEST_PUSH,
      AGE,
    );
  }

  test.each([0, 1, 2])(
    "frees an entry of the evicted version, be it its tag number %d",
    async (at) => {
      const nonces = ["nonce-01", "nonce-02", "nonce-03"];
      await fillUnder(...nonces);
      expect(await free(nonces[at] as string)).toBe(1);
      expect(await redis.exists(V)).toBe(0);
    },
  );

  test("frees some of several, and tells how many", async () => {
    await fillUnder("nonce-01");
    await redis.copy(V, "c:v:copy");
    await redis.set("c:v:other", "short", "PX", LIFE_MS);
    const entries = ["c:v:absent", V, "c:v:other", "c:v:copy"];
    expect(await run(scripts.freeEntries, entries, "nonce-01")).toBe(2);
    expect(await redis.exists(...entries)).toBe(1);
  });

  test("spares an entry of newer versions", async () => {
    await fillUnder("nonce-02", "nonce-03");
    expect(await free("nonce-01")).toBe(0);
    expect(await state()).toBe(`at rest by ${ONE}, holding old`);
  });

  test("spares an entry whose value happens to hold the nonce", async () => {
    await take(ONE, "*");
    const body = bodyOf("about nonce-01", ["menu"], ["nonce-02"]);
    await run(scripts.commitEntry, [V], ONE, body, LIFE_MS, WAKE, LARGEST_PUSH, AGE);
    expect(await free("nonce-01")).toBe(0);
  });

  test("spares an entry without tags", async () => {
    await fillWith("about nonce-01");
    expect(await free("nonce-01")).toBe(0);
  });

  test("spares a lease, with an entry of the evicted version behind it or without", async () => {
    await take(ONE, "");
    expect(await free("nonce-01")).toBe(0);
    await fillUnder("nonce-01");
    await take(TWO, ONE);
    expect(await free("nonce-01")).toBe(0);
    expect(await state()).toBe(`leased by ${TWO}, holding old`);
  });

  test("finds nothing to free where there is nothing, or nothing of ours", async () => {
    expect(await free("nonce-01")).toBe(0);
    await redis.set(V, "short", "PX", LIFE_MS);
    expect(await free("nonce-01")).toBe(0);
  });
});

// --- Headers

interface Header {
  purpose: string;
  keys: number;
  args: number;
  returns: string;
}

/** Takes a script's header apart: purpose, then the lines KEYS, ARGV and returns, each number followed by what it is. */
function headerOf({ lua }: Script): Header {
  const lines = lua.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("--"));
  const comment = lines.slice(0, end).map((line) => line.slice(3));
  const line = (name: string) =>
    comment.find((text) => text.startsWith(`${name} `))?.slice(name.length) ?? "";
  const at = comment.findIndex((text) => text.startsWith("KEYS "));
  return {
    purpose: comment.slice(0, at).join(" "),
    keys: highestOf(line("KEYS")),
    args: highestOf(line("ARGV")),
    returns: line("returns").trim(),
  };
}

/** The numbers stand after wide gaps and count from 1; returns the last. */
function highestOf(line: string): number {
  const numbers = [...line.matchAll(/ {2,}(\d+) /g)].map((match) => Number(match[1]));
  expect(numbers).toEqual(numbersTo(numbers.length));
  return numbers.length;
}

function usedIn(lua: string): { KEYS: number[]; ARGV: number[] } {
  const body = lua.replace(/--.*$/gm, "");
  const loop = /KEYS\[i\]/.test(body) ? [...body.matchAll(/for i = 1, (\d+)/g)] : [];
  const numbers = (name: string) => {
    const found = [...body.matchAll(new RegExp(`${name}\\[(\\d+)\\]`, "g"))].map((m) =>
      Number(m[1]),
    );
    return [...new Set(found)].sort((a, b) => a - b);
  };
  const looped = loop.flatMap((match) => numbersTo(Number(match[1])));
  return {
    KEYS: [...new Set([...numbers("KEYS"), ...looped])].sort((a, b) => a - b),
    ARGV: numbers("ARGV"),
  };
}

function numbersTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
