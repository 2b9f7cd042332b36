import type { Cluster, Redis } from "ioredis";
import { startCluster } from "../support/redis-cluster.js";
import { startRedis } from "../support/redis-server.js";
import { pause } from "./clock.js";
import { connect } from "./connect.js";
import type { Dice } from "./dice.js";
import type { Target, Topology } from "./protocol.js";
import { startSentinels } from "./sentinel.js";

/** Real servers, and what can befall them. */
export interface Servers extends AsyncDisposable {
  readonly target: Target;
  /** Sends to whichever server holds the key. */
  readonly admin: Redis | Cluster;
  masters(): Redis[];
  /** SIGSTOP to one of the masters, and SIGCONT. */
  pauseOne(ms: number): Promise<void>;
  /** Tells of promotions that nobody asked for as well. */
  onPromotion?(listener: () => void): void;
  /** Makes a replica the master; resolves when clients can write again. */
  failover?(): Promise<void>;
  /** Moves the slot of one of the keys to another master. */
  moveSlot?(key: string): Promise<void>;
}

export async function startServers(topology: Topology, dice: Dice): Promise<Servers> {
  switch (topology) {
    case "single":
      return startSingle();
    case "sentinel":
      return startSentinelServers(dice);
    case "cluster":
      return startClusterServers(dice);
  }
}

async function startSingle(): Promise<Servers> {
  const server = await startRedis();
  const target: Target = { kind: "single", port: server.port };
  const admin = connect(target) as Redis;
  return {
    target,
    admin,
    masters: () => [admin],
    async pauseOne(ms) {
      server.pause();
      await pause(ms);
      server.resume();
    },
    async [Symbol.asyncDispose]() {
      admin.disconnect();
      await server.stop();
    },
  };
}

async function startSentinelServers(dice: Dice): Promise<Servers> {
  const sentinels = await startSentinels();
  const target: Target = { kind: "sentinel", name: sentinels.name, ports: sentinels.ports };
  const admin = connect(target) as Redis;
  return {
    target,
    admin,
    masters: () => [admin],
    async pauseOne(ms) {
      const master = await sentinels.master();
      master.pause();
      await pause(ms);
      master.resume();
    },
    onPromotion: sentinels.onPromotion,
    failover: () => (dice.chance(0.5) ? sentinels.killMaster() : sentinels.failover()),
    async [Symbol.asyncDispose]() {
      admin.disconnect();
      await sentinels[Symbol.asyncDispose]();
    },
  };
}

async function startClusterServers(dice: Dice): Promise<Servers> {
  const cluster = await startCluster({ replicas: 1, nodeTimeoutMs: 1000 });
  const servers = [...cluster.masters, ...cluster.replicas];
  const target: Target = { kind: "cluster", ports: servers.map(({ port }) => port) };
  const admin = connect(target) as Cluster;
  const clients = new Map(servers.map((server) => [server.port, server.client()]));

  async function roleOf(port: number): Promise<string> {
    const role = await clients.get(port)!.role();
    return String((role as unknown[])[0]);
  }

  async function portsOf(role: "master" | "slave"): Promise<number[]> {
    const ports: number[] = [];
    for (const { port } of servers) if ((await roleOf(port)) === role) ports.push(port);
    return ports;
  }

  async function until(port: number, role: "master" | "slave"): Promise<void> {
    const deadline = performance.now() + 10_000;
    while ((await roleOf(port)) !== role) {
      if (performance.now() > deadline) throw new Error(`A server was no ${role} after 10 s.`);
      await pause(20);
    }
  }

  return {
    target,
    admin,
    masters: () => admin.nodes("master"),
    async pauseOne(ms) {
      const master = dice.pick(await portsOf("master"));
      const server = servers.find(({ port }) => port === master)!;
      server.pause();
      await pause(ms);
      server.resume();
    },
    async failover() {
      const port = dice.pick(await portsOf("slave"));
      const replica = clients.get(port)!;
      const oldPort = Number((await replica.role())[2]);
      await replica.call("CLUSTER", "FAILOVER", dice.chance(0.5) ? "TAKEOVER" : "FORCE");
      await until(port, "master");
      // Until then whoever still talks to it is answered as by the master.
      await until(oldPort, "slave");
    },
    async moveSlot(key) {
      const slot = Number(await admin.cluster("KEYSLOT", key));
      await moveSlot(slot, await portsOf("master"), clients, dice);
    },
    async [Symbol.asyncDispose]() {
      admin.disconnect();
      await cluster.stop();
    },
  };
}

/** What `redis-cli --cluster reshard` does for one slot. */
async function moveSlot(
  slot: number,
  masterPorts: readonly number[],
  clients: ReadonlyMap<number, Redis>,
  dice: Dice,
): Promise<void> {
  const masters = masterPorts.map((port) => ({ port, client: clients.get(port)! }));
  const ids = await Promise.all(
    masters.map(async ({ client }) => String(await client.cluster("MYID"))),
  );
  const owned = await Promise.all(
    masters.map(async ({ client }) => String(await client.cluster("NODES"))),
  );
  const from = masters.findIndex((_, index) => ownsSlot(owned[index]!, slot));
  if (from === -1 || masters.length < 2) return;
  const to = dice.pick(masters.map((_, index) => index).filter((index) => index !== from));
  const [source, target] = [masters[from]!, masters[to]!];
  await target.client.cluster("SETSLOT", slot, "IMPORTING", ids[from]!);
  await source.client.cluster("SETSLOT", slot, "MIGRATING", ids[to]!);
  for (;;) {
    const names = (await source.client.cluster("GETKEYSINSLOT", slot, 10)) as string[];
    if (names.length === 0) break;
    await source.client.call("MIGRATE", "127.0.0.1", target.port, "", 0, 2000, "KEYS", ...names);
  }
  await target.client.cluster("SETSLOT", slot, "NODE", ids[to]!);
  for (const { client } of masters) await client.cluster("SETSLOT", slot, "NODE", ids[to]!);
}

/** Reads the line that a node writes of itself. */
function ownsSlot(nodes: string, slot: number): boolean {
  const own = nodes.split("\n").find((line) => line.includes("myself")) ?? "";
  return own
    .split(" ")
    .slice(8)
    .some((range) => {
      const [from, to] = range.split("-").map(Number);
      return from !== undefined && from <= slot && slot <= (to ?? from);
    });
}
