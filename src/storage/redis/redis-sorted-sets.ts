import type { Scored, SortedSetDriver, SortedSetOrder } from "../driver.js";
import type { Keyspace } from "./keyspace.js";
import { writeSortedSet } from "./sorted-set-scripts.js";

export function createRedisSortedSets(
  { client, send, run }: Keyspace,
  order: SortedSetOrder,
): SortedSetDriver {
  const isReversed = order === "greatestFirst";
  return {
    async write(id, scores, { mode, onlyIfExists, trimTo, ttlMs, renew }) {
      const how = [mode, onlyIfExists ? "1" : "", trimTo ?? "", ttlMs ?? "", renew ? "1" : ""];
      const reply = await run(writeSortedSet, id, [...how, order, ...[...scores].flat()]);
      return Array.isArray(reply) ? reply.map(Number) : undefined;
    },
    async range(id, offset, count) {
      if (count === 0) return [];
      const last = offset + count - 1;
      return toScored(
        await send(id, (key) =>
          isReversed
            ? client.zrevrange(key, offset, last, "WITHSCORES")
            : client.zrange(key, String(offset), String(last), "WITHSCORES"),
        ),
      );
    },
    async rangeByScore(id, { min, max, offset, count }) {
      const [from, to] = [bound(min), bound(max)];
      return toScored(
        await send(id, (key) =>
          isReversed
            ? client.zrevrangebyscore(key, to, from, "WITHSCORES", "LIMIT", offset, count)
            : client.zrangebyscore(key, from, to, "WITHSCORES", "LIMIT", offset, count),
        ),
      );
    },
    async pop(id, count) {
      return toScored(
        await send(id, (key) =>
          isReversed ? client.zpopmax(key, count) : client.zpopmin(key, count),
        ),
      );
    },
    async rank(id, member) {
      const rank = await send(id, (key) =>
        isReversed ? client.zrevrank(key, member) : client.zrank(key, member),
      );
      return rank ?? undefined;
    },
    async scores(id, members) {
      const reply = await send(id, (key) => client.zmscore(key, ...members));
      return reply.map((score) => (score === null ? undefined : Number(score)));
    },
    remove: (id, members) => send(id, (key) => client.zrem(key, ...members)),
    removeAfter: (id, score) =>
      send(id, (key) =>
        isReversed
          ? client.zremrangebyscore(key, "-inf", `(${score}`)
          : client.zremrangebyscore(key, `(${score}`, "+inf"),
      ),
    trim: (id, size) =>
      send(id, (key) =>
        isReversed
          ? client.zremrangebyrank(key, 0, -(size + 1))
          : client.zremrangebyrank(key, size, -1),
      ),
    count: (id) => send(id, (key) => client.zcard(key)),
    delete: async (id) => (await send(id, (key) => client.del(key))) === 1,
  };
}

function toScored(reply: readonly string[]): Scored[] {
  return Array.from({ length: reply.length / 2 }, (_, i) => [
    reply[2 * i] ?? "",
    Number(reply[2 * i + 1]),
  ]);
}

function bound(score: number): string | number {
  if (score === Infinity) return "+inf";
  return score === -Infinity ? "-inf" : score;
}
