import { Cluster, Redis } from "ioredis";
import type { Target } from "./protocol.js";

const HOST = "127.0.0.1";

/** A client as a user would make it. */
export function connect(target: Target): Redis | Cluster {
  const client = open(target);
  client.on("error", () => {});
  return client;
}

function open(target: Target): Redis | Cluster {
  switch (target.kind) {
    case "single":
      return new Redis({ host: HOST, port: target.port });
    case "sentinel":
      return new Redis({
        name: target.name,
        sentinels: target.ports.map((port) => ({ host: HOST, port })),
        sentinelRetryStrategy: () => 50,
      });
    case "cluster":
      return new Cluster(target.ports.map((port) => ({ host: HOST, port })));
  }
}
