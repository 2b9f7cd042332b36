import type { Redis } from "ioredis";
import type { Connection } from "./connection.js";
import { within } from "./within.js";

/**
 * What a server that fills up may do to us, as a sentence; undefined where it may do nothing. It may drop any key of
 * ours, tag versions and the eviction log as well: then what depended on them is a miss.
 */
export async function readMemoryProblem(
  connection: Pick<Connection, "masters" | "nodes">,
  limitMs: number,
): Promise<string | undefined> {
  const servers = connection.masters().filter((server) => !connection.nodes?.isLost(server));
  const policies = await Promise.all(servers.map((server) => droppingPolicyOf(server, limitMs)));
  const policy = policies.find((one) => one !== undefined);
  return (
    policy &&
    `Redis may drop tag versions when it is full (maxmemory-policy is ${policy}, not noeviction): what hangs on them is a miss then.`
  );
}

/** undefined also where the server does not let us ask, or does not answer. */
async function droppingPolicyOf(server: Redis, limitMs: number): Promise<string | undefined> {
  const info = await within(limitMs, server.info("memory")).catch(() => "");
  const maxBytes = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  return maxBytes > 0 && policy !== "noeviction" ? policy : undefined;
}
