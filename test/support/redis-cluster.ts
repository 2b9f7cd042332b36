import { Cluster, type Redis } from "ioredis";
import { freePort } from "./free-port.js";
import { type RedisServer, startRedis } from "./redis-server.js";

/** A real cluster of the test's own, every slot served. */
export interface RedisCluster extends AsyncDisposable {
  /** Master `i` serves the `i`-th part of the slots. */
  readonly masters: readonly RedisServer[];
  /** Masters that serve no slot. */
  readonly spares: readonly RedisServer[];
  /** Replica `i` follows master `i % masters.length`. */
  readonly replicas: readonly RedisServer[];
  /** `redis://127.0.0.1:…,127.0.0.1:…` */
  readonly url: string;
  /** A new client, with a silent "error" handler, disconnected by `stop`. */
  client(options?: ClusterClientOptions): Cluster;
  stop(): Promise<void>;
}

export type ClusterClientOptions = Exclude<ConstructorParameters<typeof Cluster>[1], undefined>;

export interface RedisClusterOptions {
  /** Default 3: fewer cannot vote a failover. */
  masters?: number;
  /** Masters besides, without a slot. Default 0. */
  spares?: number;
  /** Of each master. Default 0. */
  replicas?: number;
  /** More arguments for every server. */
  args?: string[];
  /** Milliseconds without an answer after which a node counts as failed. Default 1,000. */
  nodeTimeoutMs?: number;
}

const slotCount = 16_384;
/** A node that joins or changes sides is told of by gossip, some ten times a second. */
const settleTimeoutMs = 30_000;

export async function startCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters: masterCount = 3, spares: spareCount = 0, replicas: replicasEach = 0 } = options;
  const servers: RedisServer[] = [];
  const clients = new Set<Cluster>();

  async function stop(): Promise<void> {
    for (const client of clients) client.disconnect();
    clients.clear();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  }

  try {
    for (let i = 0; i < masterCount * (1 + replicasEach) + spareCount; i += 1) {
      servers.push(await startNode(options));
    }
    const masters = servers.slice(0, masterCount);
    const spares = servers.slice(masterCount, masterCount + spareCount);
    const replicas = servers.slice(masterCount + spareCount);
    await join(masters, spares, replicas);
    const seeds = masters.map(({ port }) => ({ host: "127.0.0.1", port }));

    return {
      masters,
      spares,
      replicas,
      url: `redis://${seeds.map(({ host, port }) => `${host}:${port}`).join(",")}`,
      client(clientOptions = {}) {
        const client = new Cluster(seeds, clientOptions);
        client.on("error", () => {});
        clients.add(client);
        return client;
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode({ args = [], nodeTimeoutMs = 1_000 }: RedisClusterOptions) {
  for (let attempt = 1; ; attempt += 1) {
    const timeout = ["--cluster-node-timeout", String(nodeTimeoutMs)];
    // Without it a replica's first copy waits 5 s for others to share it.
    const sync = ["--repl-diskless-sync-delay", "0"];
    // By default the bus listens at port + 10,000, which may be taken or beyond 65,535.
    const bus = ["--cluster-port", String(await freePort())];
    try {
      return await startRedis({
        args: ["--cluster-enabled", "yes", ...timeout, ...sync, ...bus, ...args],
      });
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function join(
  masters: readonly RedisServer[],
  spares: readonly RedisServer[],
  replicas: readonly RedisServer[],
) {
  const nodes = [...masters, ...spares, ...replicas].map((server) => ({
    server,
    admin: server.client(),
  }));
  const first = nodes[0]!;
  for (const [i, { admin }] of nodes.entries()) {
    // Distinct epochs from the start: no two masters argue over who may say what.
    await admin.cluster("SET-CONFIG-EPOCH", i + 1);
    if (i >= masters.length) continue;
    const from = Math.floor((i * slotCount) / masters.length);
    const to = Math.floor(((i + 1) * slotCount) / masters.length) - 1;
    await admin.call("CLUSTER", "ADDSLOTSRANGE", from, to);
  }
  const busOfFirst = await busPort(first.admin);
  for (const { admin } of nodes.slice(1)) {
    await admin.call("CLUSTER", "MEET", "127.0.0.1", first.server.port, busOfFirst);
  }
  await Promise.all(nodes.map(({ admin }) => until(() => sees(admin, nodes.length))));

  await Promise.all(
    nodes.slice(masters.length + spares.length).map(async ({ admin }, i) => {
      const master = await nodes[i % masters.length]!.admin.cluster("MYID");
      await admin.cluster("REPLICATE", String(master));
      await until(async () => (await admin.info("replication")).includes("master_link_status:up"));
    }),
  );
  await Promise.all(nodes.map(({ admin }) => until(() => isWhole(admin, replicas.length))));
  for (const { admin } of nodes) admin.disconnect();
}

async function busPort(admin: Redis): Promise<number> {
  const reply = (await admin.config("GET", "cluster-port")) as string[];
  return Number(reply[1]);
}

async function sees(admin: Redis, nodeCount: number): Promise<boolean> {
  const nodes = String(await admin.cluster("NODES"))
    .trim()
    .split("\n");
  return nodes.length === nodeCount && nodes.every((line) => !/handshake|noaddr/.test(line));
}

async function isWhole(admin: Redis, replicaCount: number): Promise<boolean> {
  const info = String(await admin.cluster("INFO"));
  const nodes = String(await admin.cluster("NODES"));
  return (
    info.includes("cluster_state:ok") && (nodes.match(/\bslave\b/g)?.length ?? 0) === replicaCount
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + settleTimeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`The cluster was not whole in ${settleTimeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
