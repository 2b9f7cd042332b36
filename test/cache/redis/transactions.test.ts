import fc from "fast-check";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Argument, evaluate } from "../../../src/cache/redis/connection.js";
import { LEASED, PASS, REST, writeBody, writePosition } from "../../../src/cache/redis/record.js";
import { scripts } from "../../../src/cache/redis/scripts.js";
import { writeHead } from "../../../src/cache/redis/transactions/head.js";
import { transact } from "../../../src/cache/redis/transactions/transact.js";
import type { Look, Plan, Twin } from "../../../src/cache/redis/transactions/twin.js";
import { twins } from "../../../src/cache/redis/transactions/twins.js";
import { keySlot } from "../../../src/key-slot.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const V = "c:v:menu";
const T = "c:t:{0}menu";
const INDEX_BASE = "c:i:{0}menu:";
const PENDING = "c:p:{0}";
const LOG = "c:log";
const FENCE = "c:fence";
const WAKE = "c:wake:menu";
const EVICTIONS = "c:evictions";
const PIN = "c:w:menu";
const QUEUE = "c:q:{orders}";
const BURIED = "c:q:{orders}:buried";
const GROUP = "writers";

const tokens = ["token-01", "token-02"];
const nonces = ["nonce-01", "nonce-02"];
const HOUR_MS = 3_600_000;
/** More than the two runs of one step lie apart, and far less than any two times that a step could confuse. */
const SLACK_MS = 4_000;

let server: RedisServer;
/** The same server's databases: scripts run in the one, their twins in the other. */
let scripted: Redis;
let twinned: Redis;
let subscriber: Redis;
const heard: string[] = [];
let serverMark: string;

beforeAll(async () => {
  server = await startRedis();
  scripted = server.client({ db: 0 });
  twinned = server.client({ db: 1, retryStrategy: () => null });
  subscriber = server.client();
  subscriber.on("messageBuffer", (channel: Buffer, message: Buffer) => {
    // An entry's birth is not the same in both.
    const isEntry = message.length > 31;
    if (isEntry) message.fill(0, 25, 31);
    heard.push(`${channel}: ${message.toString("latin1")}`);
  });
  await subscriber.subscribe(WAKE, EVICTIONS);
  for (const { lua } of Object.values(scripts)) await scripted.script("LOAD", lua);
  const [, replid = ""] = /master_replid:(\w{8})/.exec(await scripted.info("replication")) ?? [];
  serverMark = replid;
});

afterAll(() => server.stop());

// --- States that a script may find. Lives and limits are never near each other, since time passes between two runs.

const anyLifeMs = fc.constantFrom(10_000, 40_000, 70_000);
const anyLimitMs = fc.constantFrom(25_000, 64_000);
const anyToken = fc.constantFrom(...tokens);
const anyNonce = fc.constantFrom(...nonces);
const anyEpoch = fc.constantFrom("0000000a", "0000000b");
const orAbsent = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const anyBody = fc.subarray(nonces).map((own) =>
  writeBody({
    ttlMs: HOUR_MS,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    loadMs: 5,
    tags: own.map((_, index) => `tag ${index} é`),
    nonces: own,
    format: 1,
    value: Buffer.from("about nonce-01"),
  }),
);

const anyRecord = fc
  .record({
    state: fc.constantFrom(REST, LEASED, LEASED, PASS),
    token: anyToken,
    inMs: fc.constantFrom(-60_000, 60_000),
    body: fc.option(anyBody, { nil: undefined, freq: 1 }),
  })
  .map(({ state, token, inMs, body }) => (now: number) => {
    const position = Buffer.alloc(10, 7);
    const head = Buffer.concat([writeHead(state, token, now + inMs), position]);
    return body ? Buffer.concat([head, writeHead(0, "", now).subarray(1), body]) : head;
  });

const anyState = fc.record({
  entry: orAbsent(
    fc.record({
      bytes: fc.oneof(
        { weight: 8, arbitrary: anyRecord },
        { weight: 1, arbitrary: fc.constant(() => Buffer.from("short")) },
      ),
      lifeMs: anyLifeMs,
    }),
  ),
  version: orAbsent(
    fc.record({
      text: fc
        .tuple(anyNonce, fc.constantFrom("c", "p", "e"), anyEpoch)
        .map(([nonce, kind, epoch]) => nonce + kind + (kind === "c" ? "" : `${epoch}:5`))
        .chain((text) => fc.constantFrom(text, `${text}|menu`, `${text}|é|2`)),
      lifeMs: anyLifeMs,
    }),
  ),
  index: orAbsent(
    fc.record({
      nonce: anyNonce,
      members: fc.subarray(["menu", "order", "é|2"], { minLength: 1 }),
      lifeMs: anyLifeMs,
    }),
  ),
  pending: orAbsent(fc.record({ lifeMs: anyLifeMs })),
  log: orAbsent(
    fc.oneof(
      fc.constant(() => "garbage"),
      fc
        .tuple(anyEpoch, fc.constantFrom(0, 9, 999_999_999_999), fc.constantFrom("own", "", "cafe"))
        .map(
          ([epoch, n, mark]) =>
            () =>
              `${epoch}:${n}@${mark === "own" ? serverMark : mark}`,
        ),
    ),
  ),
  fence: fc.constantFrom(undefined, "behind", "ahead"),
  pin: orAbsent(
    fc.record({
      sequence: fc.constantFrom("0000000000000001", "0000000000000002"),
      lifeMs: anyLifeMs,
      isGone: fc.boolean(),
    }),
  ),
  /** Ids of pending writes, of which some were handed out and one was settled. */
  queue: orAbsent(
    fc.record({
      ids: fc.subarray(["1-0", "2-0", "3-0"]),
      isAhead: fc.boolean(),
      hasEnd: fc.boolean(),
      handedOut: fc.nat(3),
    }),
  ),
  buried: fc.nat(2),
});
type State = typeof anyState extends fc.Arbitrary<infer T> ? T : never;

const anyStep = fc
  .record({
    name: fc.constantFrom(...(Object.keys(twins) as Array<keyof typeof twins>)),
    token: anyToken,
    seen: fc.constantFrom("", "*", ...tokens),
    nonce: anyNonce,
    epoch: anyEpoch,
    limitMs: anyLimitMs,
    passMs: fc.constantFrom(0, 25_000),
    body: anyBody,
  })
  .map((given) => ({ name: given.name, ...callOf(given) }));
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

interface Given {
  name: keyof typeof twins;
  token: string;
  seen: string;
  nonce: string;
  epoch: string;
  limitMs: number;
  passMs: number;
  body: Buffer;
}

function callOf({ name, token, seen, nonce, epoch, limitMs, passMs, body }: Given): {
  keys: string[];
  args: Argument[];
} {
  const position = writePosition({ epoch: 7, n: 9 });
  switch (name) {
    case "takeLease":
      return {
        keys: limitMs === 25_000 ? [V] : [V, PIN],
        args: [token, limitMs, position, seen, passMs === 0 ? 0 : 1],
      };
    case "renewLease":
      return { keys: [V], args: [token, limitMs] };
    case "commitEntry":
      return { keys: [V], args: [token, body, limitMs, WAKE, passMs === 0 ? 0 : 1_000, position] };
    case "releaseLease":
      return { keys: [V], args: [token, passMs, WAKE] };
    case "deleteEntry":
      return { keys: [V], args: [WAKE] };
    case "freeEntries":
      return { keys: passMs === 0 ? [V] : [V, "c:v:absent"], args: [nonce] };
    case "claimTag":
      return { keys: [T], args: [`${nonce}c`, limitMs] };
    case "positionTag":
      return { keys: [T], args: [nonce, `${epoch}:5`] };
    case "advanceLog":
      return { keys: [LOG], args: [epoch, limitMs, passMs === 0 ? 0 : 1] };
    case "evictTag": {
      const args = ["nonce-03", limitMs, EVICTIONS, "food", passMs === 0 ? `${epoch}:6` : LOG];
      return { keys: [T, INDEX_BASE, PENDING], args };
    }
    case "fileEntry":
      return {
        keys: [T, INDEX_BASE + nonce],
        args: [nonce, seen.length > 1 ? seen : "menu", limitMs, 6, 4, 0],
      };
    case "nextFence":
      return { keys: [FENCE], args: [limitMs] };
    case "appendWrite": {
      const fields = ["k", "menu", "v", body];
      const deadlineMs = token === "token-02" && epoch === "0000000a" ? 1 : 9e15;
      return {
        keys: [QUEUE],
        args: [passMs === 0 ? 3 : 100, GROUP, deadlineMs, ...fields],
      };
    }
    case "buryWrite": {
      const id = token === "token-01" ? "1-0" : "3-0";
      return { keys: [QUEUE, BURIED], args: [GROUP, id, "k", "menu", "v", body] };
    }
    case "retireStream":
      return { keys: [passMs === 0 ? QUEUE : BURIED], args: [limitMs] };
    case "dropConsumers":
      return { keys: [QUEUE], args: passMs === 0 ? [GROUP, "one"] : [GROUP, "one", "nobody"] };
    case "pinWrite":
      return { keys: [PIN], args: [sequenceOf(token), body, limitMs] };
    case "unpinWrite":
      return { keys: [PIN], args: [sequenceOf(token), passMs === 0 ? 0 : limitMs] };
  }
}

function sequenceOf(token: string): string {
  return `000000000000000${token === "token-01" ? 1 : 2}`;
}

async function put(redis: Redis, state: State, now: number): Promise<void> {
  const { entry, version, index, pending, log, fence, pin, queue, buried } = state;
  const pipeline = redis.pipeline().flushdb();
  if (entry) pipeline.set(V, entry.bytes(now), "PX", entry.lifeMs);
  if (version) pipeline.set(T, version.text, "PX", version.lifeMs);
  if (index) {
    const name = INDEX_BASE + index.nonce;
    pipeline.sadd(name, ...index.members);
    pipeline.pexpire(name, index.lifeMs);
  }
  if (pending) {
    pipeline.rpush(PENDING, "another");
    pipeline.pexpire(PENDING, pending.lifeMs);
  }
  if (log) pipeline.set(LOG, log(), "PX", 10_000);
  if (fence)
    pipeline.set(FENCE, fence === "ahead" ? String((now + HOUR_MS) * 1_000) : "17", "PX", 10_000);
  if (pin) pipeline.set(PIN, pin.sequence + (pin.isGone ? "" : "{}\nold"), "PX", pin.lifeMs);
  for (let one = 1; one <= buried; one += 1) pipeline.xadd(BURIED, `${one}-0`, "k", "old");
  if (queue) {
    pipeline.xgroup("CREATE", QUEUE, GROUP, "0", "MKSTREAM");
    for (const id of queue.ids) pipeline.xadd(QUEUE, id, "k", id);
    const last = queue.isAhead ? (now + HOUR_MS) * 1_000 : 4;
    pipeline.xadd(QUEUE, `${last}-0`, "k", "settled").xdel(QUEUE, `${last}-0`);
    const count = queue.handedOut;
    if (count > 0)
      pipeline.xreadgroup("GROUP", GROUP, "one", "COUNT", count, "STREAMS", QUEUE, ">");
    if (queue.hasEnd) pipeline.pexpire(QUEUE, 40_000);
  }
  await pipeline.exec();
}

// --- What came of it. Times stand apart, since the two runs are not at the same one.

interface Outcome {
  exact: unknown[];
  times: number[];
}

async function look(redis: Redis): Promise<Outcome> {
  const exact: unknown[] = [];
  const times: number[] = [];
  for (const name of (await redis.keys("*")).sort()) {
    const type = await redis.type(name);
    exact.push(name, type);
    times.push(await redis.pttl(name));
    if (type === "list") exact.push(await redis.lrange(name, 0, -1));
    if (type === "set") exact.push((await redis.smembers(name)).sort());
    if (type === "stream") {
      // Ids are times, but for those that were there before.
      for (const [id, fields] of await redis.xrange(name, "-", "+")) {
        const place = Number(id.split("-")[0]);
        if (place > 1_000_000) times.push(name === QUEUE ? place / 1_000 : place);
        exact.push(place > 1_000_000 ? "" : id, fields);
      }
      if (name === QUEUE) {
        exact.push(await redis.call("xpending", QUEUE, GROUP));
        const consumers = (await redis.xinfo("CONSUMERS", QUEUE, GROUP)) as string[][];
        exact.push(consumers.map(([, name]) => name).sort());
      }
    }
    if (type === "string") {
      const bytes = (await redis.getBuffer(name)) as Buffer;
      if (name === FENCE) times.push(Number(bytes) / 1_000);
      // Deadline and birth.
      const timesAt = name === V ? [9, 25].filter((at) => bytes.length >= at + 6) : [];
      for (const at of timesAt) {
        times.push(bytes.readUIntBE(at, 6));
        bytes.fill(0, at, at + 6);
      }
      exact.push(name === FENCE ? "" : bytes.toString("latin1"));
    }
  }
  return { exact, times };
}

function outcomeOfReply(name: string, reply: unknown): Outcome {
  const isTime = name === "commitEntry" || name === "nextFence";
  if (isTime) return { exact: [], times: [Number(reply)] };
  if (name === "appendWrite" && /^\d+$/.test(String(reply)))
    return { exact: [], times: [Number(String(reply)) / 1_000] };
  return { exact: [Array.isArray(reply) ? reply.map(String) : String(reply)], times: [] };
}

function expectSame(own: Outcome, its: Outcome, what: string): void {
  expect(own.exact, what).toEqual(its.exact);
  expect(own.times.length, what).toBe(its.times.length);
  for (const [index, time] of own.times.entries()) {
    const slack = what.startsWith("reply to nextFence") ? SLACK_MS * 1_000 : SLACK_MS;
    expect(Math.abs(time - (its.times[index] as number)), what).toBeLessThan(slack);
  }
}

async function messages(): Promise<string[]> {
  // Pushes come before the answer to what is asked after them.
  await subscriber.ping();
  return heard.splice(0);
}

async function runScript({ name, keys, args }: Step): Promise<unknown> {
  const [command, ...rest] = evaluate(scripts[name], keys, ...args);
  return scripted.callBuffer(command, rest).catch(textOf);
}

async function runTwin({ name, keys, args }: Step): Promise<unknown> {
  const running = transact(twinned, [{ twin: twins[name], keys, args }]);
  const replies = await running.catch((error) => [textOf(error)]);
  if (replies === "lost") throw new Error("Nobody else was there to lose to.");
  return replies[0];
}

/** Errors are told in the same words. */
function textOf(error: Error): string {
  return error.message;
}

describe("a script and its twin", () => {
  test("answer, leave and tell the same, whatever they find", async () => {
    await fc.assert(
      fc.asyncProperty(anyState, fc.array(anyStep, { minLength: 1, maxLength: 3 }), check),
      { numRuns: 150 },
    );
  });

  // Each on its own as well, often enough to meet what few states lead to.
  test.each(Object.keys(twins))("as %s", async (name) => {
    const steps = anyStep.filter((step) => step.name === name).map((step) => [step]);
    await fc.assert(fc.asyncProperty(anyState, steps, check), { numRuns: 120 });
  });

  // In the state that each of them writes to, so that there is something to lose.
  test.each<[Exclude<keyof typeof twins, "deleteEntry">, (() => Promise<unknown>)?]>([
    ["takeLease"],
    ["renewLease", () => writeLease()],
    ["commitEntry", () => writeLease()],
    ["releaseLease", () => writeLease()],
    ["freeEntries", () => twinned.set(V, `${"\x10".padEnd(34)}\x09nonce-01 `)],
    ["claimTag"],
    ["positionTag", () => twinned.set(T, "nonce-01c")],
    ["advanceLog"],
    ["evictTag"],
    ["fileEntry", () => twinned.set(T, "nonce-01c")],
    ["nextFence"],
    ["appendWrite"],
    ["buryWrite", () => twinned.xadd(QUEUE, "1-0", "k", "menu")],
    ["retireStream", emptyQueue],
    ["dropConsumers", emptyQueue],
    ["pinWrite"],
    ["unpinWrite", () => twinned.set(PIN, `${sequenceOf(LIKELY.token)}a pin`)],
  ])("%s is lost to whoever changes its key after its look", async (name, prepare) => {
    await twinned.flushdb();
    await prepare?.();
    const { keys, args } = callOf({ ...LIKELY, name });
    expect(await transact(twinned, [{ twin: changedAfter(name, keys[0]), keys, args }])).toBe(
      "lost",
    );
  });

  test("takeLease is lost to whoever puts meanwhile, where it asks for a pending write", async () => {
    await twinned.flushdb();
    const { keys, args } = callOf({ ...LIKELY, name: "takeLease", limitMs: 64_000 });
    expect(keys).toEqual([V, PIN]);
    expect(await transact(twinned, [{ twin: changedAfter("takeLease", PIN), keys, args }])).toBe(
      "lost",
    );
  });

  test("evictTag is lost to whoever files under the old version meanwhile, fileEntry to nobody who does", async () => {
    await twinned.flushdb();
    await twinned.set(T, "nonce-01c|one");
    const index = `${INDEX_BASE}nonce-01`;
    const filing = callOf({ ...LIKELY, name: "fileEntry" });
    const file = [{ twin: changedAfter("fileEntry", index), ...filing }];
    expect(await transact(twinned, file)).toEqual([[]]);
    const evicting = callOf({ ...LIKELY, name: "evictTag" });
    const evict = [{ twin: changedAfter("evictTag", index), ...evicting }];
    expect(await transact(twinned, evict)).toBe("lost");
  });

  const LIKELY = {
    token: "token-01",
    seen: "",
    nonce: "nonce-01",
    epoch: "0000000a",
    limitMs: 25_000,
    passMs: 0,
    body: Buffer.alloc(0),
  };

  function writeLease(): Promise<unknown> {
    const head = writeHead(LEASED, "token-01", Date.now() + HOUR_MS);
    return twinned.set(V, Buffer.concat([head, Buffer.alloc(10)]));
  }

  async function emptyQueue(): Promise<void> {
    await twinned.xadd(QUEUE, "1-0", "k", "menu");
    await twinned.xdel(QUEUE, "1-0");
  }

  let others = 0;

  /** The twin, with somebody who changes a key when it has looked. */
  function changedAfter(name: keyof typeof twins, key: string | undefined): Twin {
    const other = server.client({ db: 1 });
    const twin = twins[name] as (look: Look, ...rest: unknown[]) => Promise<Plan>;
    return async (look, ...rest: unknown[]) => {
      const plan = await twin(look, ...rest);
      if (key?.startsWith(INDEX_BASE)) await other.sadd(key, `another ${others++}`);
      else await other.set(key as string, "changed");
      return plan;
    };
  }

  async function check(state: State, steps: Step[]): Promise<void> {
    const [seconds] = await scripted.time();
    const now = Number(seconds) * 1_000;
    await Promise.all([put(scripted, state, now), put(twinned, state, now)]);
    for (const step of steps) {
      const reply = await runScript(step);
      const told = await messages();
      const twinReply = await runTwin(step);
      expect(await messages(), step.name).toEqual(told);
      const [itsReply, ownReply] = [reply, twinReply].map((it) => outcomeOfReply(step.name, it));
      expectSame(ownReply as Outcome, itsReply as Outcome, `reply to ${step.name}`);
      expectSame(await look(twinned), await look(scripted), `after ${step.name}`);
    }
  }
});

test("a key is in the slot that the server says", async () => {
  await using clustered = await startRedis({ args: ["--cluster-enabled", "yes"] });
  const client = clustered.client();
  const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string());
  const anyKey = fc.oneof(
    anyText,
    fc.tuple(anyText, anyText, anyText).map(([a, b, c]) => `${a}{${b}}${c}`),
  );
  await fc.assert(
    fc.asyncProperty(anyKey, async (key) => {
      expect(keySlot(key)).toBe(await client.cluster("KEYSLOT", key));
    }),
    { numRuns: 200 },
  );
});
