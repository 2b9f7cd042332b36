import type { SortedSetDriver } from "../driver.js";
import type { Keyspace } from "./keyspace.js";
import { writeSortedSet } from "./sorted-set-scripts.js";

export function createRedisSortedSets({ client, keyOf, run }: Keyspace): SortedSetDriver {
  return {
    async write(id, scores, { mode, onlyIfExists, trimTo, ttlMs, renew }) {
      const how = [mode, onlyIfExists ? "1" : "", trimTo ?? "", ttlMs ?? "", renew ? "1" : ""];
      const reply = await run(writeSortedSet, id, [...how, ...[...scores].flat()]);
      return Array.isArray(reply) ? reply.map(Number) : undefined;
    },
    async top(id, count) {
      if (count === 0) return [];
      const reply = await run(() => client.zrevrange(keyOf(id), 0, count - 1, "WITHSCORES"));
      return Array.from({ length: reply.length / 2 }, (_, i) => [
        reply[2 * i] ?? "",
        Number(reply[2 * i + 1]),
      ]);
    },
    async scores(id, members) {
      const reply = await run(() => client.zmscore(keyOf(id), ...members));
      return reply.map((score) => (score === null ? undefined : Number(score)));
    },
    remove: (id, members) => run(() => client.zrem(keyOf(id), ...members)),
    removeBelow: (id, score) => run(() => client.zremrangebyscore(keyOf(id), "-inf", `(${score}`)),
    trim: (id, size) => run(() => client.zremrangebyrank(keyOf(id), 0, -(size + 1))),
    count: (id) => run(() => client.zcard(keyOf(id))),
    delete: async (id) => (await run(() => client.del(keyOf(id)))) === 1,
  };
}
