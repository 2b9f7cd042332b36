import {
  type Fields,
  type HashDriver,
  type HashIndexKinds,
  type HashReply,
  type HashStep,
  maxSafeCount,
} from "../driver.js";
import { byBytes, wellFormed } from "../utf8.js";
import type { ExpiringMap } from "./expiring-map.js";

/** Without indexes of its own: what is asked of them is looked for among all records. */
export function createMemoryHashes(
  records: ExpiringMap<Fields>,
  indexes: HashIndexKinds,
): HashDriver {
  const uniqueFields = [...indexes].flatMap(([field, kind]) => (kind === "unique" ? [field] : []));

  /** The first field that another record has alike. */
  function notUnique(id: string, fields: Fields): string | undefined {
    return uniqueFields.find((field) => {
      const text = fields.get(field);
      if (text === undefined) return false;
      for (const [other, others] of records.entries()) {
        if (other !== id && others.get(field) === text) return true;
      }
      return false;
    });
  }

  return {
    async write(id, fields, ttlMs, onlyIfAbsent) {
      if (onlyIfAbsent && records.get(id) !== undefined) return { status: "exists" };
      const stored = new Map([...fields].map(([field, text]) => [field, wellFormed(text)]));
      const field = notUnique(id, stored);
      if (field !== undefined) return { status: "refused", reason: "notUnique", field };
      records.set(id, stored, ttlMs);
      return { status: "written" };
    },
    async read(id) {
      const fields = records.get(id);
      return fields && new Map(fields);
    },
    async change(id, steps, ttlMs) {
      const fields = records.get(id);
      if (fields === undefined) return { status: "absent" };
      const changed = new Map(fields);
      for (const step of steps) {
        const refusal = take(changed, step);
        if (refusal !== undefined) return refusal;
      }
      const field = notUnique(id, changed);
      if (field !== undefined) return { status: "refused", reason: "notUnique", field };
      fields.clear();
      for (const [field, text] of changed) fields.set(field, text);
      if (ttlMs !== undefined) records.renew(id, ttlMs);
      return { status: "changed", fields: changed };
    },
    async delete(id) {
      return records.delete(id);
    },
    async find(field, text, { first, after }) {
      const wanted = wellFormed(text);
      const found = [...records.entries()]
        .filter(
          ([id, fields]) => fields.get(field) === wanted && (!after || byBytes(id, after) > 0),
        )
        .sort(([a], [b]) => byBytes(a, b))
        .slice(0, first);
      return found.map(([id, fields]) => [id, new Map(fields)]);
    },
  };
}

function take(fields: Fields, step: HashStep): HashReply | undefined {
  switch (step.step) {
    case "expect": {
      const text = step.text === undefined ? undefined : wellFormed(step.text);
      if (fields.get(step.field) === text) return undefined;
      return { status: "refused", reason: "differs", field: step.field };
    }
    case "set":
      fields.set(step.field, wellFormed(step.text));
      return undefined;
    case "remove":
      fields.delete(step.field);
      return undefined;
    case "clear":
      for (const field of fields.keys()) if (field.startsWith(step.prefix)) fields.delete(field);
      return undefined;
    case "add":
      return add(fields, step.field, step.by, maxSafeCount);
    case "raise":
      return raise(fields, step.field, step.to);
    case "count":
      return count(fields, step);
  }
}

function count(fields: Fields, step: HashStep & { step: "count" }): HashReply | undefined {
  const field = step.prefix + step.member;
  const isNew = !fields.has(field);
  const refusal = add(fields, field, step.by, step.max);
  if (refusal !== undefined) return refusal;
  if (Number(fields.get(field)) <= 0) {
    fields.delete(field);
    return undefined;
  }
  const members = [...fields.keys()].filter((key) => key.startsWith(step.prefix)).length;
  if (!isNew || members <= step.maxMembers) return undefined;
  return { status: "refused", reason: "maxMembers", field };
}

function raise(fields: Fields, field: string, to: number): HashReply | undefined {
  const stored = Number(fields.get(field) ?? "0");
  if (!Number.isInteger(stored)) return { status: "refused", reason: "notANumber", field };
  if (stored < to) fields.set(field, String(to));
  return undefined;
}

function add(fields: Fields, field: string, by: number, max: number): HashReply | undefined {
  const stored = Number(fields.get(field) ?? "0");
  if (!Number.isInteger(stored)) return { status: "refused", reason: "notANumber", field };
  const sum = stored + by;
  if ((by > 0 && sum > max) || sum < -maxSafeCount) {
    return { status: "refused", reason: "maxCount", field };
  }
  fields.set(field, String(sum));
  return undefined;
}
