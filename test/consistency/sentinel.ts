import type { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../support/redis-server.js";
import { pause } from "./clock.js";

/** One master, two replicas, three sentinels. */
export interface Sentinels extends AsyncDisposable {
  readonly name: string;
  /** Of the sentinels. */
  readonly ports: readonly number[];
  master(): Promise<RedisServer>;
  /** SIGKILL to the master; resolves when another is master and the old one is back, as its replica. */
  killMaster(): Promise<void>;
  /** As an operator would ask for it. */
  failover(): Promise<void>;
  /** Tells of every promotion, also of those that nobody asked for. */
  onPromotion(listener: () => void): void;
}

const NAME = "main";
const SETTLE_MS = 20_000;

export async function startSentinels(): Promise<Sentinels> {
  const first = await startRedis({ args: ["--repl-diskless-sync-delay", "0"] });
  const replicas = await Promise.all([1, 2].map(() => startReplica(first.port)));
  const servers = [first, ...replicas];
  const guards = await Promise.all([1, 2, 3].map(() => startSentinel(first.port)));
  const clients = guards.map((guard) => guard.client());
  await until(async () => {
    for (const client of clients) {
      const [master] = (await client.call("sentinel", "masters")) as string[][];
      const told = pairs(master ?? []);
      if (told.get("num-slaves") !== "2" || told.get("num-other-sentinels") !== "2") return false;
    }
    return true;
  });

  async function masterPort(client: Redis = clients[0]!): Promise<number> {
    const reply = await client.call("sentinel", "get-master-addr-by-name", NAME);
    return Number((reply as string[])[1]);
  }

  async function master(): Promise<RedisServer> {
    const port = await masterPort();
    return servers.find((server) => server.port === port)!;
  }

  async function untilMasterIsNot(port: number): Promise<void> {
    await until(async () => {
      const ports = await Promise.all(clients.map((client) => masterPort(client)));
      if (ports.some((other) => other === port)) return false;
      const now = await master();
      return (await now.client().role())[0] === "master";
    });
  }

  /** Until then whoever still talks to it is told that it is the master. */
  async function untilDemoted(old: RedisServer): Promise<void> {
    const client = old.client();
    await until(async () => (await client.role())[0] === "slave");
    client.disconnect();
  }

  return {
    name: NAME,
    ports: guards.map(({ port }) => port),
    master,
    async killMaster() {
      const old = await master();
      await old.kill();
      await untilMasterIsNot(old.port);
      await old.restart();
      await untilDemoted(old);
    },
    async failover() {
      const old = await master();
      // Refused while another is under way, or when no replica is fit.
      await until(() =>
        clients[0]!.call("sentinel", "failover", NAME).then(
          () => true,
          () => false,
        ),
      );
      await untilMasterIsNot(old.port);
      await untilDemoted(old);
    },
    onPromotion(listener) {
      const ear = guards[0]!.client();
      ear.on("message", listener);
      ear.subscribe("+switch-master").catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...guards, ...servers].map((server) => server.stop()));
    },
  };
}

function startReplica(masterPort: number): Promise<RedisServer> {
  return startRedis({
    args: ["--replicaof", "127.0.0.1", String(masterPort), "--repl-diskless-sync-delay", "0"],
  });
}

function startSentinel(masterPort: number): Promise<RedisServer> {
  return startRedis({
    config: [
      `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 3000`,
      "",
    ].join("\n"),
    args: ["--sentinel"],
  });
}

function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2) map.set(flat[at]!, flat[at + 1]!);
  return map;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`The sentinels did not settle in ${SETTLE_MS} ms.`);
    await pause(50);
  }
}
