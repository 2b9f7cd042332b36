import { describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../../../src/cache/errors.js";
import { randomId } from "../../../src/cache/random.js";
import type { Connection } from "../../../src/cache/redis/connection.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { createLeaseStep } from "../../../src/cache/redis/lease-batch.js";
import { createEvictionLog } from "../../../src/cache/redis/log.js";
import { createGate } from "../../support/gate.js";
import { testConnection } from "../../support/test-connection.js";

const keys = createKeys("leases:");
const lost = new StoreUnavailableError("Redis must be in reach, but is not.");
const [ours, others] = [{}, {}];
const { connection } = await testConnection();

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
  const log = createEvictionLog(connection, keys, { logMark: "", known: async () => {} });
  const step = createLeaseStep(held, keys, log, 10_000);
  const take = (group: object) => {
    const token = randomId();
    return step.take({ key: token, tags: [], token, leaseMs: 10_000, over: "", group });
  };
  return { gate, step, take };
}

describe("Whoever has nothing to take, but belongs to a group", () => {
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

describe("Looks of one tick at the tags of results", () => {
  it("share a round trip, and each is told of its own", async () => {
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

  it("fail alone where what they need lies on a lost node", async () => {
    const isLost = (names: readonly string[]) => names.includes(keys.tag("soup"));
    const { gate, step } = openStep({ refusal: (names) => (isLost(names) ? lost : undefined) });
    gate.open();
    const looks = await Promise.allSettled(
      [["menu", "soup"], ["menu"]].map((t) => step.snapshot(t)),
    );
    expect(looks).toMatchObject([{ reason: lost }, { value: { nonces: expect.any(Map) } }]);
  });
});
