import { type RedisCluster, startCluster } from "./redis-cluster.js";
import { type RedisServer, startRedis } from "./redis-server.js";

/** The credentials of a user who may do everything but run scripts. */
export const WITHOUT_SCRIPTS = { username: "app", password: "s3cret" };

/** For a server that knows that user. */
export const WITHOUT_SCRIPTS_ARGS = [
  "--user",
  "app",
  "on",
  ">s3cret",
  "~*",
  "&*",
  "+@all",
  "-@scripting",
];

/** A server and a cluster that know that user. */
export function startBoth(): Promise<[RedisServer, RedisCluster]> {
  const args = WITHOUT_SCRIPTS_ARGS;
  return Promise.all([startRedis({ args }), startCluster({ masters: 3, args })]);
}
