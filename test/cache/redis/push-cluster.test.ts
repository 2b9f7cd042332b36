import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { openPush, type Push } from "../../../src/cache/redis/push.js";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.js";
import type { RedisServer } from "../../support/redis-server.js";

const keys = createKeys("c:");
const listener = {
  onEviction: vi.fn(),
  onKey: vi.fn(),
  onConnect: vi.fn(),
  onDisconnect: vi.fn(),
};

let cluster: RedisCluster;
let push: Push;

beforeEach(async () => {
  vi.clearAllMocks();
  cluster = await startCluster({ nodeTimeoutMs: 60_000 });
  push = openPush(cluster.client(), keys, 2_000, listener);
  await connected(1);
});

afterEach(async () => {
  push.close();
  await cluster.stop();
});

async function connected(times: number): Promise<void> {
  await expect.poll(() => listener.onConnect.mock.calls.length, { timeout: 10_000 }).toBe(times);
}

async function channelsOf(server: RedisServer): Promise<string[]> {
  const admin = server.client();
  const channels = (await admin.pubsub("CHANNELS")) as string[];
  admin.disconnect();
  return channels;
}

async function expectOnlyEvictions(servers: readonly RedisServer[]): Promise<void> {
  const told = async () => (await Promise.all(servers.map(channelsOf))).flat();
  await expect.poll(told, { timeout: 5_000 }).toEqual([keys.evictions]);
}

test("a cluster that was lost, again and again, tells nothing that nobody waits for any more", async () => {
  for (let time = 1; time <= 3; time += 1) {
    (await push.watch(`menu ${time}`)).close();
    for (const master of cluster.masters) {
      const admin = master.client();
      await admin.call("CLIENT", "KILL", "TYPE", "normal");
      admin.disconnect();
    }
    await connected(time + 1);
  }
  await expectOnlyEvictions(cluster.masters);
});

test("a node that is lost before it took a registration back leaves none to the next", async () => {
  (await push.watch("menu")).close();
  const told = await Promise.all(cluster.masters.map(channelsOf));
  const lost = cluster.masters[told.findIndex((channels) => channels.length > 0)] as RedisServer;
  lost.pause();
  // The registration is given up a second after the last who waited has gone.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await lost.kill();
  const others = cluster.masters.filter((master) => master !== lost);
  await expect
    .poll(async () => (await Promise.all(others.map(channelsOf))).flat(), { timeout: 5_000 })
    .toContain(keys.evictions);
  (await push.watch("order")).close();
  await expectOnlyEvictions(others);
});

test("a node that hangs while pushes come from it is left for another", async () => {
  const told = await Promise.all(cluster.masters.map(channelsOf));
  const [hanging, ...others] = [...cluster.masters].sort(
    (one, other) =>
      told[cluster.masters.indexOf(other)]!.length - told[cluster.masters.indexOf(one)]!.length,
  ) as [RedisServer, ...RedisServer[]];
  (await push.watch("menu")).close();
  hanging.pause();
  // The client comes to others at once, and the next connect is over before that to this node is given up.
  const luck = vi.spyOn(Math, "random");
  onTestFinished(() => luck.mockRestore());
  luck.mockReturnValue([0.4, 0.9, 0][cluster.masters.indexOf(hanging)] as number);
  const hearsOfOthers = async () => {
    push.check();
    const channels = (await Promise.all(others.map(channelsOf))).flat();
    return push.isConnected && channels.includes(keys.evictions);
  };
  await expect.poll(hearsOfOthers, { timeout: 60_000, interval: 500 }).toBe(true);
  const admin = (others[0] as RedisServer).client();
  await admin.publish(keys.evictions, "told");
  admin.disconnect();
  await expect.poll(() => listener.onEviction.mock.calls.flat()).toContain("told");
  // What the node that hung was still asked to take back is not left to the next.
  await expectOnlyEvictions(others);
}, 90_000);

test("a check lets a subscriber be that answers, though all other nodes hang", async () => {
  const told = await Promise.all(cluster.masters.map(channelsOf));
  const others = cluster.masters.filter((_, index) => told[index]!.length === 0);
  for (const other of others) other.pause();
  for (const _time of [1, 2, 3]) {
    push.check();
    // As long as an answer may take.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
  }
  expect(listener.onDisconnect).not.toHaveBeenCalled();
  expect(push.isConnected).toBe(true);
  for (const other of others) other.resume();
});
