import type { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../../../src/cache/errors.js";
import { randomId } from "../../../src/cache/random.js";
import { type Connection, openConnection } from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createLeaseStep } from "../../../src/cache/redis/lease-batch.js";
import { createEvictionLog } from "../../../src/cache/redis/log.js";
import { createRedisStore } from "../../../src/cache/redis/redis-store.js";
import { evictedVersion } from "../../../src/cache/redis/tag-version.js";
import type { Store } from "../../../src/cache/store.js";
import { createGate } from "../../support/gate.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import { type RedisServer, startRedis } from "../../support/redis-server.js";

const PREFIX = "leases:";
const keys = createKeys(PREFIX);

/** What a lease says of itself must not look older than what its load begins under. */
describe("A lease that could be taken for doomed", () => {
  let server: RedisServer;
  let cluster: RedisCluster;
  const stores: Store[] = [];

  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedis(), startCluster({ masters: 3 })]);
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all([server.stop(), cluster.stop()]);
  });

  function open(redis: Redis | Cluster): Store {
    const store = createRedisStore({
      redis,
      prefix: PREFIX,
      leaseMs: 10_000,
      commandTimeoutMs: 2000,
    });
    stores.push(store);
    return store;
  }

  it("names an eviction that its process had not heard of, but whose version its load begins under", async () => {
    const [filler, reader] = [open(server.client()), open(server.client())];
    const { epoch, n } = await filler.readPosition();
    // As another process evicts, and before the push of it is heard.
    const evicted = evictedVersion(randomId(), { epoch, n: n + 1 });
    await server.client().set(keys.tag("menu"), evicted, "PX", 10_000);
    const request = { key: "soups", tags: ["menu"], token: randomId(), leaseMs: 10_000, over: "" };
    const grant = await filler.takeLease(request);
    const { lease } = await reader.read("soups", ["menu"]);
    expect(grant).toMatchObject({ taken: true, token: lease?.token });
    expect(lease?.doomed).toBe(false);
  });

  it("is another's than the one that was seen on a cluster before its tag had a version", async () => {
    const [filler, reader] = [open(cluster.client()), open(cluster.client())];
    const first = randomId();
    const request = { key: "soups", tags: ["menu"], leaseMs: 10_000 };
    const grant = await filler.takeLease({ ...request, token: first, over: "" });
    expect(grant.taken).toBe(true);
    // Who saw the first one, and the tag without a version, would take it over now.
    const takeover = { ...request, token: randomId(), over: first, overHeld: true };
    const late = await reader.takeLease(takeover);
    expect(late).toEqual({ taken: false });
    const { lease } = await reader.read("soups", ["menu"]);
    expect(grant).toMatchObject({ token: lease?.token });
    expect(lease?.doomed).toBe(false);
  });
});

describe("Whoever has nothing to take, but belongs to a group", () => {
  const keysOfStep = createKeys("beside:");
  const lost = new StoreUnavailableError("Redis must be in reach, but is not.");
  const [ours, others] = [{}, {}];
  let server: RedisServer;
  let connection: Connection;

  beforeAll(async () => {
    server = await startRedis();
    connection = openConnection(server.client(), 2000);
  });
  afterAll(async () => {
    connection.close();
    await server.stop();
  });

  /** Whose commands reach the server once the gate is open. */
  function openStep(more: Partial<Connection> = {}) {
    const gate = createGate();
    const held: Connection = {
      ...connection,
      async sendAll(commands) {
        await gate.pass();
        return connection.sendAll(commands);
      },
      ...more,
    };
    const log = createEvictionLog(connection, keysOfStep, { logMark: "", known: async () => {} });
    const step = createLeaseStep(held, keysOfStep, log, 10_000);
    const take = (group: object) => {
      const token = randomId();
      return step.take({ key: token, tags: [], token, leaseMs: 10_000, over: "", group });
    };
    return { gate, step, take };
  }

  it("is told with the leases that its group takes in this tick", async () => {
    const { gate, step, take } = openStep();
    let isTold = false;
    const beside = step.beside(ours).then(() => {
      isTold = true;
    });
    const taken = take(ours);
    await step.beside(others);
    await gate.arrived;
    expect(isTold).toBe(false);
    gate.open();
    expect(await taken).toMatchObject({ taken: true });
    await beside;
  });

  it("shares a round trip with all other looks at tags of this tick, and is told of its own", async () => {
    const { gate, step } = openStep();
    const looks = [["menu", "soup"], ["menu"], [], ["bread"]].map((tags) => step.snapshot(tags));
    gate.open();
    const [first, second, none, last] = await Promise.all(looks);
    expect([...first!.nonces.keys()]).toEqual(["menu", "soup"]);
    expect(second!.nonces).toEqual(new Map([["menu", first!.nonces.get("menu")]]));
    expect(none!.nonces.size).toBe(0);
    expect([...last!.nonces.keys()]).toEqual(["bread"]);
    // The other, which nobody waits for, says at what position the new versions are.
    expect(gate.arrivals).toBe(2);
  });

  it("is told at once where only others take leases, or nobody does", async () => {
    const { gate, step, take } = openStep();
    await step.beside(ours);
    expect(gate.arrivals).toBe(0);
    const taken = take(others);
    await step.beside(ours);
    gate.open();
    await taken;
  });

  it("is told all the same when the step fails, or is not even tried", async () => {
    const failing = openStep({ sendAll: () => Promise.reject(lost) });
    const refusing = openStep({ refusal: () => lost });
    for (const { step, take } of [failing, refusing]) {
      const [taken, beside] = await Promise.allSettled([take(ours), step.beside(ours)]);
      expect(taken).toMatchObject({ status: "rejected", reason: lost });
      expect(beside.status).toBe("fulfilled");
    }
    expect(refusing.gate.arrivals).toBe(0);
  });
});
