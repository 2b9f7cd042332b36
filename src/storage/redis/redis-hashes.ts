import { createHash } from "node:crypto";
import {
  type Fields,
  type HashDriver,
  type HashIndexKinds,
  type HashReply,
  type HashStep,
  maxSafeCount,
  type Refusal,
} from "../driver.js";
import { changeHash, deleteHash, findHashes, writeHash } from "./hash-scripts.js";
import type { Keyspace } from "./keyspace.js";

export function createRedisHashes(keyspace: Keyspace, indexes: HashIndexKinds): HashDriver {
  const { client, base, send, run, runOn } = keyspace;
  // The client puts its own prefix before KEYS, and before no key that a script makes.
  const storedBase = `${client.options.keyPrefix ?? ""}${base}`;
  const indexing = (id: string) => [indexes.size, storedBase, id, ...[...indexes].flat()];

  return {
    async write(id, fields, ttlMs, onlyIfAbsent) {
      const how = [ttlMs ?? "", onlyIfAbsent ? "1" : "", ...indexing(id)];
      const reply = await run(writeHash, id, [...how, ...[...fields].flat()]);
      if (typeof reply === "string")
        return { status: "refused", reason: "notUnique", field: reply };
      return { status: reply === 1 ? "written" : "exists" };
    },
    async read(id) {
      const stored = await send(id, (key) => client.hgetall(key));
      const fields = Object.entries(stored);
      return fields.length === 0 ? undefined : new Map(fields);
    },
    async change(id, steps, ttlMs) {
      const args = [ttlMs ?? "", "", ...indexing(id), ...steps.flatMap(toArgs)];
      return toReply((await run(changeHash, id, args)) as [HashReply["status"], ...string[]]);
    },
    delete: async (id) =>
      indexes.size === 0
        ? (await send(id, (key) => client.del(key))) === 1
        : (await run(deleteHash, id, ["", "", ...indexing(id)])) === 1,
    async find(field, text, { first, after }) {
      const key = `${base}#${field}:${createHash("sha1").update(text).digest("hex")}`;
      const from = after === undefined ? "-" : `(${after}`;
      const reply = (await runOn(findHashes, key, [storedBase, field, text, from, first])) as (
        | string
        | string[]
      )[];
      return Array.from({ length: reply.length / 2 }, (_, i) => [
        reply[2 * i] as string,
        toFields(reply[2 * i + 1] as string[]),
      ]);
    },
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
  return { status, fields: toFields(rest) };
}

function toFields(reply: readonly string[]): Fields {
  const fields: Fields = new Map();
  for (let i = 0; i < reply.length; i += 2) fields.set(reply[i] ?? "", reply[i + 1] ?? "");
  return fields;
}
