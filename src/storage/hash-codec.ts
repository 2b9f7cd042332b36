import { checkMember, checkWhole } from "./checks.js";
import type { Fields } from "./driver.js";
import { InvalidStorageValueError, UnreadableRecordError } from "./errors.js";
import type { HashSchema } from "./fields.js";
import type { HashValues } from "./hash-record.js";

/** Redis drops a hash with its last field, so each record has one that stays: an empty record is not an absent one. */
const marker = "_";

export function encodeRecord(
  name: string,
  schema: HashSchema,
  values: Record<string, unknown>,
): Fields {
  const fields: Fields = new Map([[marker, "1"]]);
  for (const [field, definition] of Object.entries(schema)) {
    // A field may have the name of what every object inherits, as toString.
    const value = Object.hasOwn(values, field) ? values[field] : undefined;
    if (definition.kind === "counts") {
      for (const [member, count] of (value as ReadonlyMap<string, number> | undefined) ?? []) {
        checkMember(member);
        if (checkWhole("A count", count) > 0) fields.set(prefixOf(field) + member, String(count));
      }
    } else if (value !== undefined || definition.kind !== "optional") {
      fields.set(field, encodeField(name, schema, field, value));
    }
  }
  return fields;
}

export function decodeRecord<Schema extends HashSchema>(
  name: string,
  schema: Schema,
  fields: Fields,
): HashValues<Schema> {
  const values: Record<string, unknown> = {};
  for (const [field, definition] of Object.entries(schema)) {
    if (definition.kind === "counts") {
      values[field] = decodeCounts(name, field, fields);
      continue;
    }
    const text = fields.get(field);
    if (text === undefined) {
      if (definition.kind === "optional") continue;
      throw new UnreadableRecordError(`A stored ${name} must have the field ${field}.`);
    }
    try {
      values[field] = definition.decode(text);
    } catch (cause) {
      throw new UnreadableRecordError(`${name}.${field} cannot be read back.`, cause);
    }
  }
  return values as HashValues<Schema>;
}

function decodeCounts(name: string, field: string, fields: Fields): Map<string, number> {
  const prefix = prefixOf(field);
  const found = new Map<string, number>();
  for (const [key, text] of fields) {
    if (!key.startsWith(prefix)) continue;
    const count = Number(text);
    if (!Number.isSafeInteger(count)) {
      throw new UnreadableRecordError(`${name}.${field} must hold whole numbers.`);
    }
    found.set(key.slice(prefix.length), count);
  }
  return found;
}

export function encodeField(
  name: string,
  schema: HashSchema,
  field: string,
  value: unknown,
): string {
  const definition = Object.hasOwn(schema, field) ? schema[field] : undefined;
  if (definition === undefined || definition.kind === "counts") {
    throw new InvalidStorageValueError(`${name}.${field} is no field that can be set.`);
  }
  // Each field's encode refuses by itself what is not of its type.
  const { encode }: { encode(value: unknown): string } = definition;
  try {
    return encode(value);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidStorageValueError(`${name}.${field} cannot be stored: ${problem}.`, cause);
  }
}

/** No field's name holds a colon, so a member's cannot collide with one. */
export function prefixOf(field: string): string {
  return `${field}:`;
}
