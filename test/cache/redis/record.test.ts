import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EntryDraft } from "../../../src/cache/entry.js";
import {
  NO_POSITION,
  StoredRecord,
  writeBody,
  writePosition,
} from "../../../src/cache/redis/record.js";

const HEAD_BYTES = 25;
const REST = 0x10;
const LEASED = 0x11;
const PASS = 0x12;

function headOf(state: number, { token = "token-01", deadlineMs = 0, epoch = 0, n = 0 } = {}) {
  const deadline = Buffer.alloc(6);
  deadline.writeUIntBE(deadlineMs, 0, 6);
  const position = writePosition({ epoch, n });
  return Buffer.concat([Buffer.of(state), Buffer.from(token, "latin1"), deadline, position]);
}

/** A record as the server has it: a head, the birth that the server gave, and the body. */
function recordOf(
  draft: EntryDraft,
  birthMs: number,
  head = headOf(REST, { ...(draft.since ?? NO_POSITION) }),
): Buffer {
  const birth = Buffer.alloc(6);
  birth.writeUIntBE(birthMs, 0, 6);
  return Buffer.concat([head, birth, writeBody(draft)]);
}

const anyId = fc.stringMatching(/^[\w-]{8}$/);
const anyDuration = fc.oneof(
  fc.nat(200_000),
  // The widths at which a number takes one byte more.
  fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 35),
  fc.integer({ min: 0, max: 2 * 365 * 24 * 3600 * 1000 }),
);
const anyTag = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 300 })
  .filter((tag) => tag.isWellFormed());
const anyDraft: fc.Arbitrary<EntryDraft> = fc
  .record({
    ttlMs: anyDuration,
    staleWhileRevalidateMs: anyDuration,
    staleIfErrorMs: anyDuration,
    loadMs: anyDuration,
    since: fc.option(
      fc.record({
        epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        n: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      }),
      { nil: undefined },
    ),
    filed: fc.array(fc.tuple(anyTag, anyId), { maxLength: 12 }),
    format: fc.integer({ min: 1, max: 300 }),
    value: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  })
  .map(({ filed, ...draft }) => ({
    ...draft,
    tags: filed.map(([tag]) => tag),
    nonces: filed.map(([, nonce]) => nonce),
  }));
const anyBirth = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe("an entry comes back from its bytes as it was", () => {
  test("whatever it is", () => {
    fc.assert(
      fc.property(anyDraft, anyBirth, (draft, birthMs) => {
        const record = StoredRecord.of(recordOf(draft, birthMs));
        expect(record?.entry).toEqual({ ...draft, token: "", birthMs });
      }),
      { numRuns: 1_000 },
    );
  });

  test("with tags beyond ASCII, and with very many", () => {
    const tags = [
      "café:é",
      "注文:1",
      "🍕",
      "ÿ",
      ...Array.from({ length: 5_000 }, (_, id) => `i:${id}`),
    ];
    const draft = { ...plain, tags, nonces: tags.map((_, id) => String(id).padStart(8, "0")) };
    const entry = StoredRecord.of(recordOf(draft, 1))?.entry;
    expect(entry?.tags).toEqual(draft.tags);
    expect(entry?.nonces).toEqual(draft.nonces);
  });

  test("but for fractions of a millisecond", () => {
    const draft = { ...plain, ttlMs: 1_000.4, loadMs: 0.5 };
    expect(StoredRecord.of(recordOf(draft, 1))?.entry).toMatchObject({ ttlMs: 1_000, loadMs: 1 });
  });

  test("whatever stands in its head", () => {
    fc.assert(
      fc.property(anyDraft, fc.constantFrom(REST, LEASED, PASS), anyId, (draft, state, token) => {
        const head = headOf(state, { token, deadlineMs: 5, epoch: 7, n: 9 });
        const entry = StoredRecord.of(recordOf(draft, 1, head))?.entry;
        expect(entry?.value).toEqual(draft.value);
        // What a later lease left there is not the entry's age.
        expect(entry?.since).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

const plain: EntryDraft = {
  ttlMs: 60_000,
  staleWhileRevalidateMs: 1_000,
  staleIfErrorMs: 300_000,
  loadMs: 12,
  tags: ["menu", "café"],
  nonces: ["nonce-01", "nonce-02"],
  format: 1,
  value: Buffer.from("the value"),
};

describe("a head", () => {
  test.each([
    ["at rest", REST, { isAtRest: true, isPass: false }],
    ["leased", LEASED, { isAtRest: false, isPass: false }],
    ["a pass marker", PASS, { isAtRest: false, isPass: true }],
  ])("%s is told from the others", (_, state, expected) => {
    const record = StoredRecord.of(headOf(state));
    expect({ isAtRest: record?.isAtRest, isPass: record?.isPass }).toEqual(expected);
  });

  test("tells token, deadline and position, as far as they reach", () => {
    const most = { epoch: 2 ** 32 - 1, n: 2 ** 48 - 1 };
    const head = headOf(LEASED, { token: "To-ken_9", deadlineMs: 2 ** 48 - 1, ...most });
    const record = StoredRecord.of(head);
    expect(record?.token).toBe("To-ken_9");
    expect(record?.deadlineMs).toBe(2 ** 48 - 1);
    expect(record?.position).toEqual(most);
    expect(record?.entry).toBeUndefined();
  });

  test("has the same width whatever stands in it", () => {
    expect(headOf(REST)).toHaveLength(HEAD_BYTES);
    expect(
      headOf(LEASED, { deadlineMs: 2 ** 48 - 1, epoch: 2 ** 32 - 1, n: 2 ** 48 - 1 }),
    ).toHaveLength(HEAD_BYTES);
  });
});

describe("bytes that are no record of ours", () => {
  test.each<[string, Buffer | null | undefined]>([
    ["absent bytes", null],
    ["bytes not asked for", undefined],
    ["no bytes", Buffer.alloc(0)],
    ["less than a head", headOf(REST).subarray(0, HEAD_BYTES - 1)],
    ["another format", headOf(0x20)],
    ["a state we do not know", headOf(0x13)],
    ["a text", Buffer.from("a text that is somewhat longer than a head")],
  ])("%s are none", (_, bytes) => {
    expect(StoredRecord.of(bytes)).toBeUndefined();
  });

  test("never throw, whatever follows a head", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(REST, LEASED, PASS),
        fc.uint8Array({ maxLength: 80 }),
        (state, rest) => {
          const record = StoredRecord.of(Buffer.concat([headOf(state), rest]));
          expect(record).toBeDefined();
          const entry = record?.entry;
          if (entry) expect(entry.nonces).toHaveLength(entry.tags.length);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("a record that was cut off", () => {
  test("anywhere before its value has no entry, and never throws", () => {
    fc.assert(
      fc.property(anyDraft, anyBirth, (draft, birthMs) => {
        const whole = recordOf(draft, birthMs);
        for (let length = 0; length < whole.length - draft.value.length; length += 1) {
          expect(
            StoredRecord.of(whole.subarray(0, length))?.entry,
            `${length} bytes`,
          ).toBeUndefined();
        }
      }),
      { numRuns: 150 },
    );
  });

  test("in its value gives nothing else wrongly", () => {
    const whole = recordOf(plain, 99);
    for (let missing = 1; missing <= plain.value.length; missing += 1) {
      const entry = StoredRecord.of(whole.subarray(0, -missing))?.entry;
      const value = plain.value.subarray(0, -missing);
      expect(entry).toEqual({ ...plain, value, token: "", birthMs: 99 });
    }
  });
});
