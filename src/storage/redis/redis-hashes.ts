import {
  type Fields,
  type HashDriver,
  type HashReply,
  type HashStep,
  maxSafeCount,
  type Refusal,
} from "../driver.js";
import { changeHash, writeHash } from "./hash-scripts.js";
import type { Keyspace } from "./keyspace.js";

export function createRedisHashes({ client, keyOf, run }: Keyspace): HashDriver {
  return {
    async write(id, fields, ttlMs, onlyIfAbsent = false) {
      const args = [ttlMs ?? "", onlyIfAbsent ? "1" : "", ...[...fields].flat()];
      return (await run(writeHash, id, args)) === 1;
    },
    async read(id) {
      const stored = await run(() => client.hgetall(keyOf(id)));
      const fields = Object.entries(stored);
      return fields.length === 0 ? undefined : new Map(fields);
    },
    async change(id, steps, ttlMs) {
      const reply = await run(changeHash, id, [ttlMs ?? "", ...steps.flatMap(toArgs)]);
      return toReply(reply as [HashReply["status"], ...string[]]);
    },
    delete: async (id) => (await run(() => client.del(keyOf(id)))) === 1,
  };
}

function toArgs(step: HashStep): (string | number)[] {
  switch (step.step) {
    case "expect":
      return step.text === undefined
        ? ["expectNone", step.field]
        : ["expect", step.field, step.text];
    case "set":
      return ["set", step.field, step.text];
    case "remove":
      return ["remove", step.field];
    case "clear":
      return ["clear", step.prefix];
    case "add":
      return ["add", step.field, step.by, maxSafeCount];
    case "raise":
      return ["raise", step.field, step.to];
    case "count":
      return ["count", step.prefix, step.member, step.by, step.max, step.maxMembers];
  }
}

function toReply([status, ...rest]: [HashReply["status"], ...string[]]): HashReply {
  if (status === "absent") return { status };
  if (status === "refused") {
    const [reason, field = ""] = rest;
    return { status, reason: reason as Refusal, field };
  }
  const fields: Fields = new Map();
  for (let i = 0; i < rest.length; i += 2) fields.set(rest[i] ?? "", rest[i + 1] ?? "");
  return { status, fields };
}
