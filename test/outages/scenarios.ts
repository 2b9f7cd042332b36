import type { Redis } from "ioredis";
import { createKeys } from "../../src/cache/redis/keys.js";
import { keySlot } from "../../src/key-slot.js";
import { pause } from "../consistency/clock.js";
import type { FaultName } from "../consistency/history.js";
import { startLink, type Way } from "../support/link.js";
import { startCluster } from "../support/redis-cluster.js";
import { type RedisServer, type RedisServerOptions, startRedis } from "../support/redis-server.js";
import { PREFIX } from "./plan.js";

/** One thing that can befall Redis. */
export interface Scenario {
  readonly what: string;
  /** What the checks of a history are to make of it: what it may excuse, and what not. */
  readonly fault: FaultName;
  /** Whether the processes lose Redis, so that their breakers must open. */
  readonly opens: boolean;
  /** Whether it is over by itself: then `mend` waits for that. */
  readonly passes?: boolean;
  start(): Promise<Scene>;
}

export interface Scene {
  /** Where the processes connect to; several of a cluster. */
  readonly urls: readonly string[];
  /** Of a cluster: the slots that are lost. What needs none of them goes on as if nothing were. */
  isLost?(slot: number): boolean;
  /** Of a cluster: the address of the node that is. */
  readonly lostNode?: string;
  befall(): Promise<void>;
  /** Resolves when Redis is back. */
  mend(): Promise<void>;
  end(): Promise<void>;
}

const urlOf = (port: number, password?: string) =>
  `redis://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}`;

/** One server, straight. */
function single(
  how: (server: RedisServer, admin: Redis) => Pick<Scene, "befall" | "mend">,
  options: RedisServerOptions = {},
): () => Promise<Scene> {
  return async () => {
    const server = await startRedis(options);
    return { urls: [server.url], ...how(server, server.client()), end: server.stop };
  };
}

/** One server behind a network that can be cut. */
function linked(how: (link: Awaited<ReturnType<typeof startLink>>) => void): () => Promise<Scene> {
  return async () => {
    const server = await startRedis();
    const link = await startLink(server.port);
    return {
      urls: [urlOf(link.port)],
      befall: async () => how(link),
      mend: async () => link.letThrough(),
      async end() {
        await link[Symbol.asyncDispose]();
        await server.stop();
      },
    };
  };
}

const cut = (way: Way): Scenario => ({
  what: `nothing gets through ${way}, and connections stay open`,
  fault: "pause server",
  opens: true,
  start: linked((link) => link.hold(way)),
});

const LONG_LOADING = ["--key-load-delay", "150", "--loading-process-events-interval-bytes", "1024"];
const LOADED_KEYS = 20_000;
const ROOM_BYTES = 400_000;
const PASSWORD = "first";

async function usedBytes(admin: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
}

/** Foreign keys without an end, as another application of the same server may write them. */
function writeOn(admin: Redis): () => void {
  let n = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 20; i += 1) admin.set(`foreign:${n++}`, "x".repeat(1000)).catch(() => {});
  }, 10);
  return () => clearInterval(timer);
}

function full(policy: string): Scenario["start"] {
  return single((_, admin) => {
    let stopWriting = () => {};
    return {
      async befall() {
        await admin.config("SET", "maxmemory-policy", policy);
        await admin.config("SET", "maxmemory", String((await usedBytes(admin)) + ROOM_BYTES));
        stopWriting = writeOn(admin);
      },
      async mend() {
        stopWriting();
        await admin.config("SET", "maxmemory", "0");
      },
    };
  });
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  kill: {
    what: "SIGKILL, and started again with nothing in it",
    fault: "flush",
    opens: true,
    start: single((server) => ({ befall: server.kill, mend: server.restart })),
  },
  stop: {
    what: "SIGSTOP, and SIGCONT",
    fault: "pause server",
    opens: true,
    start: single((server) => ({
      befall: async () => server.pause(),
      mend: async () => server.resume(),
    })),
  },
  "cut both ways": cut("both ways"),
  "cut to the server": cut("to the server"),
  "cut to the client": cut("to the client"),
  "lost connections": {
    what: "the connections lead nowhere for good, and nobody says so; later new ones can be made",
    fault: "pause server",
    opens: true,
    start: linked((link) => link.loseSilently()),
  },
  latency: {
    what: "everything takes 500 ms longer",
    fault: "pause server",
    opens: true,
    start: linked((link) => link.delay(500)),
  },
  "full, noeviction": {
    what: "maxmemory is reached, and writes are refused",
    fault: "pause server",
    opens: true,
    start: full("noeviction"),
  },
  "full, allkeys-lru": {
    what: "maxmemory is reached, and Redis drops what was not used of late",
    fault: "flush",
    opens: false,
    start: full("allkeys-lru"),
  },
  readonly: {
    what: "the server becomes another's replica, and a master again",
    fault: "failover",
    opens: true,
    async start() {
      const server = await startRedis({ args: ["--repl-diskless-sync-delay", "0"] });
      const other = await startRedis({
        args: ["--replicaof", "127.0.0.1", String(server.port), "--repl-diskless-sync-delay", "0"],
      });
      const [admin, otherAdmin] = [server.client(), other.client()];
      return {
        urls: [server.url],
        async befall() {
          await otherAdmin.replicaof("NO", "ONE");
          await admin.replicaof("127.0.0.1", other.port);
        },
        async mend() {
          await otherAdmin.replicaof("127.0.0.1", server.port);
          await admin.replicaof("NO", "ONE");
        },
        async end() {
          await server.stop();
          await other.stop();
        },
      };
    },
  },
  loading: {
    what: "SIGKILL, and started again with a large RDB to load",
    fault: "failover",
    opens: true,
    passes: true,
    start: single(
      (server, admin) => {
        let starting: Promise<void> | undefined;
        return {
          async befall() {
            for (let n = 0; n < LOADED_KEYS; n += 1000) {
              const pipeline = admin.pipeline();
              for (let i = n; i < n + 1000; i += 1) pipeline.set(`foreign:${i}`, i);
              await pipeline.exec();
            }
            await admin.save();
            await server.kill();
            starting = server.restart();
          },
          mend: async () => starting,
        };
      },
      { args: LONG_LOADING },
    ),
  },
  failover: {
    what: "SIGKILL to the master, and the address leads to its promoted replica",
    fault: "failover",
    opens: true,
    async start() {
      const master = await startRedis({ args: ["--repl-diskless-sync-delay", "0"] });
      const replica = await startRedis({
        args: ["--replicaof", "127.0.0.1", String(master.port), "--repl-diskless-sync-delay", "0"],
      });
      const link = await startLink(master.port);
      const admin = replica.client();
      return {
        urls: [urlOf(link.port)],
        befall: master.kill,
        async mend() {
          await admin.replicaof("NO", "ONE");
          link.leadTo(replica.port);
        },
        async end() {
          await link[Symbol.asyncDispose]();
          await master.stop();
          await replica.stop();
        },
      };
    },
  },
  flush: {
    what: "FLUSHALL, twice a second",
    fault: "flush",
    opens: false,
    start: single((_, admin) => {
      let timer: NodeJS.Timeout | undefined;
      return {
        async befall() {
          await admin.flushall();
          timer = setInterval(() => admin.flushall().catch(() => {}), 500);
        },
        mend: async () => clearInterval(timer),
      };
    }),
  },
  "client kill": {
    what: "CLIENT KILL TYPE pubsub, twice a second",
    fault: "lose entry",
    opens: false,
    start: single((_, admin) => {
      let timer: NodeJS.Timeout | undefined;
      const kill = () => admin.call("CLIENT", "KILL", "TYPE", "pubsub");
      return {
        async befall() {
          await kill();
          timer = setInterval(() => kill().catch(() => {}), 500);
        },
        mend: async () => clearInterval(timer),
      };
    }),
  },
  "wrong password": {
    what: "the password is another, and all connections are ended; later it is the old one again",
    fault: "pause server",
    opens: true,
    async start() {
      const server = await startRedis({ args: ["--requirepass", PASSWORD] });
      const admin = server.client({ password: PASSWORD });
      return {
        urls: [urlOf(server.port, PASSWORD)],
        async befall() {
          await admin.config("SET", "requirepass", "second");
          for (const type of ["normal", "pubsub"]) await admin.call("CLIENT", "KILL", "TYPE", type);
        },
        async mend() {
          await admin.config("SET", "requirepass", PASSWORD);
        },
        end: server.stop,
      };
    },
  },
  "cluster node": {
    what: "SIGSTOP to one of three masters of a cluster, which has not the eviction log",
    fault: "pause server",
    opens: true,
    start: () => startWithLostNode(false),
  },
  "cluster log": {
    what: "SIGSTOP to the master of a cluster that has the eviction log",
    fault: "pause server",
    opens: true,
    start: () => startWithLostNode(true),
  },
  "cluster failover": {
    what: "SIGKILL to one of three masters of a cluster, whose replica is promoted",
    fault: "failover",
    opens: true,
    passes: true,
    async start() {
      const cluster = await startCluster({ replicas: 1, nodeTimeoutMs: 2000 });
      const [victim] = cluster.masters;
      const [heir] = cluster.replicas;
      const admin = heir?.client();
      return {
        urls: cluster.masters.map(({ url }) => url),
        befall: async () => victim?.kill(),
        async mend() {
          while (String((await admin?.role())?.[0]) !== "master") await pause(20);
          while (!String(await admin?.cluster("INFO")).includes("cluster_state:ok")) {
            await pause(20);
          }
        },
        end: cluster.stop,
      };
    },
  },
};

const LOG_SLOT = keySlot(createKeys(PREFIX).log);

async function startWithLostNode(hasLog: boolean): Promise<Scene> {
  const cluster = await startCluster({ nodeTimeoutMs: 60_000 });
  const masterOf = (slot: number) => Math.floor((slot * cluster.masters.length) / 16_384);
  const ofLog = masterOf(LOG_SLOT);
  const lost = hasLog ? ofLog : (ofLog + 1) % cluster.masters.length;
  const victim = cluster.masters[lost];
  return {
    urls: cluster.masters.map(({ url }) => url),
    isLost: (slot) => masterOf(slot) === lost,
    lostNode: `127.0.0.1:${victim?.port}`,
    befall: async () => victim?.pause(),
    mend: async () => victim?.resume(),
    end: cluster.stop,
  };
}
