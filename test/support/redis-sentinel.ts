import { Redis } from "ioredis";
import { type ClientOptions, type RedisServer, startRedis } from "./redis-server.js";

/** A real master with replicas, and three real sentinels that watch them. */
export interface RedisSentinel extends AsyncDisposable {
  /** What the sentinels call the master. */
  readonly name: string;
  readonly sentinels: readonly RedisServer[];
  /** The master of the beginning, then its replicas; a failover changes who is what. */
  readonly servers: readonly RedisServer[];
  /** Who is master now, as the sentinels agree. */
  master(): Promise<RedisServer>;
  /** Who is not. */
  replicas(): Promise<RedisServer[]>;
  /** A new client that asks the sentinels, with a silent "error" handler, disconnected by `stop`. */
  client(options?: ClientOptions): Redis;
  /** Lets what is written from now on reach no replica: they are stopped, and their links cut. */
  cutReplicas(): Promise<void>;
  /** SIGKILL to the master, with the replicas running again. Resolves when another is master; the old one stays away. */
  killMaster(): Promise<void>;
  /** The orderly failover of an operator. Resolves when another is master. */
  failover(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = "main";
const SETTLE_MS = 20_000;

export async function startSentinel({ replicas = 2 } = {}): Promise<RedisSentinel> {
  const servers: RedisServer[] = [];
  const sentinels: RedisServer[] = [];
  const clients = new Set<Redis>();

  async function stop(): Promise<void> {
    for (const client of clients) client.disconnect();
    clients.clear();
    await Promise.all([...sentinels.splice(0), ...servers.splice(0)].map((one) => one.stop()));
  }

  async function masterPort(sentinel: RedisServer): Promise<number> {
    const admin = sentinel.client();
    const reply = await admin.call("sentinel", "get-master-addr-by-name", NAME);
    admin.disconnect();
    return Number((reply as string[])[1]);
  }

  async function master(): Promise<RedisServer> {
    const ports = new Set(await Promise.all(sentinels.map(masterPort)));
    const [port] = ports;
    const found = servers.find((server) => server.port === port);
    if (ports.size !== 1 || !found) throw new Error(`The sentinels do not agree: ${[...ports]}`);
    return found;
  }

  async function untilMasterIsNot(old: RedisServer): Promise<void> {
    await until(async () => {
      const now = await master().catch(() => old);
      if (now === old) return false;
      const admin = now.client();
      const [role] = await admin.role();
      admin.disconnect();
      return role === "master";
    });
  }

  async function followers(): Promise<RedisServer[]> {
    const now = await master();
    return servers.filter((server) => server !== now);
  }

  try {
    const first = await startRedis({ args: SYNC_AT_ONCE });
    servers.push(first);
    const following = ["--replicaof", "127.0.0.1", String(first.port), ...SYNC_AT_ONCE];
    const starting = Array.from({ length: replicas }, () => startRedis({ args: following }));
    servers.push(...(await Promise.all(starting)));
    const watching = [1, 2, 3].map(() =>
      startRedis({ config: watch(first.port), args: ["--sentinel"] }),
    );
    sentinels.push(...(await Promise.all(watching)));
    await until(async () => (await known(sentinels)).every((text) => text === `${replicas} 2`));
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    name: NAME,
    sentinels,
    servers,
    master,
    replicas: followers,
    client(options = {}) {
      const addresses = sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
      const client = new Redis({ sentinels: addresses, name: NAME, ...options });
      client.on("error", () => {});
      clients.add(client);
      return client;
    },
    async cutReplicas() {
      for (const replica of await followers()) replica.pause();
      await (await master()).client().call("CLIENT", "KILL", "TYPE", "replica");
    },
    async killMaster() {
      const old = await master();
      await old.kill();
      for (const server of servers) if (server !== old) server.resume();
      await untilMasterIsNot(old);
    },
    async failover() {
      const old = await master();
      const admin = sentinels[0]!.client();
      // Refused while another is under way.
      await until(() =>
        admin.call("sentinel", "failover", NAME).then(
          () => true,
          () => false,
        ),
      );
      admin.disconnect();
      await untilMasterIsNot(old);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Without it a replica's first copy waits 5 s for others to share it. */
const SYNC_AT_ONCE = ["--repl-diskless-sync-delay", "0"];

function watch(masterPort: number): string {
  return [
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 3000`,
    "",
  ].join("\n");
}

/** How many replicas and other sentinels each sentinel knows. */
async function known(sentinels: readonly RedisServer[]): Promise<string[]> {
  return Promise.all(
    sentinels.map(async (sentinel) => {
      const admin = sentinel.client();
      const flat = (await admin.call("sentinel", "master", NAME)) as string[];
      admin.disconnect();
      const field = (name: string) => flat[flat.indexOf(name) + 1];
      return `${field("num-slaves")} ${field("num-other-sentinels")}`;
    }),
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`The sentinels did not settle in ${SETTLE_MS} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
