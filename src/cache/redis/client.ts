import type { Cluster, Redis } from "ioredis";

/** What users hand us: a client of a single server, of Sentinel, or of a Cluster. */
export type RedisClient = Redis | Cluster;
