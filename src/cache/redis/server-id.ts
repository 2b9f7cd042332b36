import type { Redis } from "ioredis";

/** Says which process a server is, and whether it was promoted since. */
export type ServerId = string;

/** "" from a server that does not let us ask. */
export async function infoOf(server: Redis): Promise<string> {
  try {
    return await server.info("server", "replication");
  } catch (error) {
    if (error instanceof Error && error.name === "ReplyError") return "";
    throw error;
  }
}

/** A server that was a master, a replica and a master again is another one than before. */
export function idOf(info: string): ServerId {
  const run = /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
  const formerId = /^master_replid2:(\w+)/m.exec(info)?.[1] ?? "";
  return /^0*$/.test(formerId) ? run : `${run}:${formerId}`;
}

/** As `idOf` tells it: a replica that is promoted keeps its former replication id. */
export function wasReplica(id: ServerId): boolean {
  return id.includes(":");
}

/** The first 8 digits of the replication id, as advance-log.lua takes them. */
export function markOf(info: string): string {
  return /^master_replid:([0-9a-f]{8})/m.exec(info)?.[1] ?? "";
}
