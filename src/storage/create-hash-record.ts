import {
  checkBounds,
  checkId,
  checkMember,
  checkOptionNames,
  checkPage,
  checkSize,
  checkWhole,
  toTtlMs,
} from "./checks.js";
import { type HashDriver, type HashIndexKinds, type HashStep, maxSafeCount } from "./driver.js";
import {
  ChangedMeanwhileError,
  CountLimitError,
  InvalidStorageValueError,
  NotUniqueError,
  UnreadableRecordError,
} from "./errors.js";
import type { Field, HashSchema } from "./fields.js";
import { decodeRecord, encodeField, encodeRecord, prefixOf } from "./hash-codec.js";
import type { CountsChange, HashOptions, HashRecord, HashValues } from "./hash-record.js";

/** Most records of one page. */
const maxFound = 1_000;

const KNOWN: Readonly<Record<keyof HashOptions, true>> = {
  indexes: true,
  ttlSeconds: true,
  sliding: true,
};

export function createHashRecord<Schema extends HashSchema>(
  driver: HashDriver,
  name: string,
  schema: Schema,
  options: HashOptions<Schema>,
): HashRecord<Schema> {
  type Values = HashValues<Schema>;
  checkSchema(name, schema);
  checkOptionNames("A hash", options, KNOWN);
  const ttlMs = toTtlMs(options.ttlSeconds);
  const renewedTtlMs = options.sliding ? ttlMs : undefined;
  const indexes = indexesOf(name, schema, options);

  /** False where `onlyIfAbsent` held it back. */
  async function write(id: string, values: Record<string, unknown>, onlyIfAbsent: boolean) {
    const fields = encodeRecord(name, schema, values);
    checkSize("A record", fields.size);
    const reply = await driver.write(checkId(id), fields, ttlMs, onlyIfAbsent);
    if (reply.status === "refused") throw new NotUniqueError(reply.field);
    return reply.status === "written";
  }

  async function apply(id: string, steps: readonly HashStep[]): Promise<Values | undefined> {
    checkSize("A change", steps.length);
    const reply = await driver.change(checkId(id), steps, renewedTtlMs);
    if (reply.status === "absent") return undefined;
    if (reply.status === "changed") return decodeRecord(name, schema, reply.fields);
    if (reply.reason === "differs") throw new ChangedMeanwhileError(reply.field);
    if (reply.reason === "notUnique") throw new NotUniqueError(reply.field);
    if (reply.reason !== "notANumber") throw new CountLimitError(reply.reason, reply.field);
    throw new UnreadableRecordError(
      `${name}.${reply.field} must be a whole number to be added to.`,
    );
  }

  const record: HashRecord<Schema> = {
    async save(id, values) {
      await write(id, values, false);
    },
    create: async (id, values) => write(id, values, true),
    async get(id) {
      const fields = await driver.read(checkId(id));
      return fields && decodeRecord(name, schema, fields);
    },
    update: async (id, values) => apply(id, setSteps(name, schema, values)),
    increment: async (id, field, by = 1) => apply(id, [addStep(name, schema, field, by)]),
    async change(id, { onlyIf = {}, set = {}, increment = {}, counts = {} }) {
      return apply(id, [
        ...expectSteps(name, schema, onlyIf),
        ...setSteps(name, schema, set),
        ...entriesOf<number>(increment).map(([field, by]) => addStep(name, schema, field, by)),
        ...entriesOf<CountsChange>(counts).flatMap(([field, change]) => countSteps(field, change)),
      ]);
    },
    async find(field, value, { first = 100, after } = {}) {
      if (!indexes.has(field)) {
        throw new InvalidStorageValueError(`${name}.${field} must have an index to be found by.`);
      }
      checkPage(after);
      checkWhole("first", first, 1);
      const text = encodeField(name, schema, field, value);
      const page = { first: Math.min(first, maxFound), after: after ?? undefined };
      const found = await driver.find(field, text, page);
      return found.map(([id, fields]) => ({ id, values: decodeRecord(name, schema, fields) }));
    },
    touch: async (id) => apply(id, []),
    delete: async (id) => driver.delete(checkId(id)),
  };
  return record;
}

/** @throws InvalidStorageValueError for a field that cannot have an index */
export function indexesOf<Schema extends HashSchema>(
  name: string,
  schema: Schema,
  { indexes = {} }: HashOptions<Schema>,
): HashIndexKinds {
  const kinds = new Map(entriesOf<"index" | "unique">(indexes));
  for (const field of kinds.keys()) {
    const kind = kindOf(schema, field);
    if (kind !== undefined && kind !== "counts") continue;
    throw new InvalidStorageValueError(`${name}.${field} is no field that can have an index.`);
  }
  return kinds;
}

function kindOf(schema: HashSchema, field: string): Field["kind"] | undefined {
  return Object.hasOwn(schema, field) ? schema[field]?.kind : undefined;
}

function expectSteps(
  name: string,
  schema: HashSchema,
  values: Record<string, unknown>,
): HashStep[] {
  return Object.entries(values).map(([field, value]) => {
    const text = value === undefined ? undefined : encodeField(name, schema, field, value);
    return { step: "expect", field, text };
  });
}

function setSteps(name: string, schema: HashSchema, values: Record<string, unknown>): HashStep[] {
  return Object.entries(values).flatMap(([field, value]): HashStep[] => {
    const kind = kindOf(schema, field);
    if (value !== undefined) {
      return [{ step: "set", field, text: encodeField(name, schema, field, value) }];
    }
    return kind === "optional" ? [{ step: "remove", field }] : [];
  });
}

function addStep(name: string, schema: HashSchema, field: string, by: number): HashStep {
  if (kindOf(schema, field) !== "integer") {
    throw new InvalidStorageValueError(`${name}.${field} must be an integer field.`);
  }
  return { step: "add", field, by: checkWhole("An increment", by) };
}

function countSteps(field: string, change: CountsChange): HashStep[] {
  const prefix = prefixOf(field);
  const { maxCount: max = maxSafeCount, maxMembers = maxSafeCount } = change;
  checkBounds(max, maxMembers);
  return [
    ...(change.clear ? [{ step: "clear" as const, prefix }] : []),
    ...(change.remove ?? []).map((member) => ({
      step: "remove" as const,
      field: prefix + checkMember(member),
    })),
    ...[...(change.add ?? [])].map(([member, by]) => {
      return {
        step: "count" as const,
        prefix,
        member: checkMember(member),
        by: checkWhole("A count", by),
        max,
        maxMembers,
      };
    }),
    ...[...(change.raise ?? [])].map(([member, to]) => {
      return {
        step: "raise" as const,
        field: prefix + checkMember(member),
        to: checkWhole("A count", to, 1),
      };
    }),
  ];
}

function checkSchema(name: string, schema: HashSchema): void {
  for (const field of Object.keys(schema)) {
    if (/^[A-Za-z][A-Za-z0-9]*$/.test(field)) continue;
    throw new InvalidStorageValueError(
      `A field of ${name} must be named by letters and digits, but ${JSON.stringify(field)} came.`,
    );
  }
}

function entriesOf<T>(record: { readonly [key: string]: T | undefined }): [string, T][] {
  return Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined);
}
