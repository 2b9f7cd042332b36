import { once } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import {
  NodeUnavailableError,
  StoreError,
  StoreUnavailableError,
} from "../../../src/cache/errors.js";
import type { Connection } from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import type { Nodes } from "../../../src/cache/redis/nodes.js";
import { createTrials, type Trials } from "../../../src/cache/redis/trials.js";
import { keySlot } from "../../../src/key-slot.js";
import { skippingClock } from "../../support/skipping-clock.js";
import { testConnection } from "../../support/test-connection.js";

const keys = createKeys("c:");
const lost = new NodeUnavailableError("127.0.0.1:1");
const { server, redis, connection } = await testConnection();
let suspicions: number;

beforeEach(() => {
  suspicions = 0;
});

function trialsOf(own: Partial<Connection>): Trials {
  const tried: Connection = { ...connection, ...own };
  const suspect = () => {
    suspicions += 1;
  };
  const promotions = { connection: tried, refresh: async () => {}, suspect };
  return createTrials({ opened: tried, promotions, keys, commandTimeoutMs: 200 });
}

describe("a trial of a cluster", () => {
  /** What its nodes answer, one that is lost or refuses in place of the reply of a real one. */
  const trialsWith = (change: (replies: unknown[]) => unknown[]) =>
    trialsOf({
      isCluster: true,
      sendAll: async (commands) => change(await connection.sendAll(commands)),
    });

  test("succeeds where some of its nodes are lost, which have trials of their own", async () => {
    const trials = trialsWith(([_, ...others]) => [lost, ...others]);
    await expect(trials.ping()).resolves.toBeUndefined();
    expect(suspicions).toBe(0);
  });

  test("fails where all of them are, and asks who leads now", async () => {
    const trials = trialsWith((replies) => replies.map(() => lost));
    await expect(trials.ping()).rejects.toBe(lost);
    expect(suspicions).toBe(1);
  });

  test("fails where one of them refuses to be written to", async () => {
    const refusal = new StoreError("The node must take writes, but does not.");
    const trials = trialsWith(([_, ...others]) => [...others, refusal]);
    await expect(trials.ping()).rejects.toBe(refusal);
  });
});

describe("a trial of one node", () => {
  const tryNode = (nodes: Partial<Nodes>) =>
    trialsOf({ isCluster: true, nodes: nodes as Nodes }).tryNode("127.0.0.1:1");
  const tryServer = () =>
    tryNode({
      slotOf: () => 0,
      leadsTo: (_, name) => name === keys.allMarks()[1],
      clientOf: () => redis,
    });

  test("succeeds where it has no slots any more, and asks nothing of it", async () => {
    const nodes = { slotOf: () => undefined, leadsTo: () => false, clientOf: () => undefined };
    await expect(tryNode(nodes)).resolves.toBeUndefined();
  });

  test("fails where it lets be read, but not be written to", async () => {
    await expect(tryServer()).resolves.toBeUndefined();
    await redis.config("SET", "min-replicas-to-write", 1);
    try {
      await expect(tryServer()).rejects.toThrow("NOREPLICAS");
    } finally {
      await redis.config("SET", "min-replicas-to-write", 0);
    }
  });

  test("asks for no name outside the prefix, which the user may be refused", async () => {
    await redis.acl("SETUSER", "shop", "on", ">secret", "~c:*", "+@all");
    const shop = server.client({ username: "shop", password: "secret" });
    const slotOf = () => 0;
    const inSlot = (_: string, name: string) => keySlot(name) === 0;
    for (const leadsTo of [inSlot, () => false]) {
      await expect(tryNode({ slotOf, leadsTo, clientOf: () => shop })).resolves.toBeUndefined();
    }
  });

  test("fails where it takes the call, and does not answer in time", async () => {
    server.pause();
    try {
      await expect(tryServer()).rejects.toBeInstanceOf(StoreUnavailableError);
    } finally {
      server.resume();
    }
  });
});

test("an outage that begins after an answered trial does not count from the one before", async () => {
  const clock = skippingClock();
  let isAway = true;
  const trials = trialsOf({
    masters: () => [redis],
    async sendAll(commands) {
      if (isAway) throw lost;
      return connection.sendAll(commands);
    },
  });
  await redis.ping();
  let closes = 0;
  redis.on("close", () => {
    closes += 1;
  });
  const fail = () => expect(trials.ping()).rejects.toBe(lost);
  await fail();
  isAway = false;
  await trials.ping();
  isAway = true;
  clock.skip(5_000);
  await fail();
  await redis.ping();
  expect(closes).toBe(0);
  const closed = once(redis, "close");
  clock.skip(5_000);
  await fail();
  await closed;
});
