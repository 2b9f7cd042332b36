import { expect, test } from "vitest";
import { createAnswers } from "../../src/cache/answers.js";
import { createCodec } from "../../src/cache/codec.js";
import type { Ending } from "../../src/cache/flights.js";
import { createReporter } from "../../src/cache/reporter.js";

const codec = createCodec();

test("however many join a load, what it gave is decoded once, and each has a value of its own", () => {
  let decoded = 0;
  const counting = {
    ...codec,
    copies(encoded: Parameters<typeof codec.copies>[0]) {
      decoded += 1;
      return codec.copies(encoded);
    },
  };
  const answers = createAnswers({ codec: counting, reporter: createReporter() });
  const value = { sizes: [{ id: "S" }] };
  const encoded = codec.encode(value);
  const ending: Ending = { type: "value", value, encoded, tags: [], earlyOnly: false };
  const call = { key: "menu", entry: {} } as never;
  const joined = Array.from({ length: 100 }, () => answers.fromOthers(call, ending, "waited"));
  expect(decoded).toBe(1);
  value.sizes.pop();
  const first = joined[0]?.value as typeof value;
  first.sizes[0] = { id: "damaged" };
  for (const answer of joined.slice(1)) expect(answer?.value).toEqual({ sizes: [{ id: "S" }] });
  expect(new Set(joined.map((answer) => answer?.value)).size).toBe(100);
});

test("a value that cannot be read is told for each who wanted it, and is nobody's", () => {
  const keys: unknown[] = [];
  const reporter = createReporter();
  reporter.listen((event) => keys.push(event.type === "error" && event.key));
  const answers = createAnswers({ codec, reporter });
  const encoded = { format: 99, bytes: Buffer.from("x") };
  const ending: Ending = { type: "value", value: 1, encoded, tags: [], earlyOnly: false };
  const call = { key: "menu", entry: {} } as never;
  for (const _ of [1, 2]) expect(answers.fromOthers(call, ending, "waited")).toBeUndefined();
  expect(keys).toEqual(["menu", "menu"]);
});
