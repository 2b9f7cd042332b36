import { expect, test } from "vitest";
import { createMemoryStorage, InvalidStorageValueError, text } from "../../src/storage/index.js";
import { createExpiringMap } from "../../src/storage/memory/expiring-map.js";
import { createClock } from "../support/storages.js";

test("holds no more than maxEntries of a name, and drops what was not used for longest", async () => {
  const storage = createMemoryStorage({ maxEntries: 3 });
  const notes = storage.hash("note", { body: text() });
  for (const id of ["a", "b", "c"]) await notes.save(id, { body: id });
  await notes.get("a");
  await storage.hash("other", { body: text() }).save("x", { body: "x" });
  await notes.save("d", { body: "d" });

  const bodies = await Promise.all(["a", "b", "c", "d"].map((id) => notes.get(id)));
  expect(bodies.map((note) => note?.body)).toEqual(["a", undefined, "c", "d"]);
});

test("frees what is past its life without anybody asking for it", () => {
  const clock = createClock();
  const map = createExpiringMap<{ n: number }>({
    maxEntries: 100,
    now: () => clock.now().getTime(),
  });
  for (let n = 0; n < 50; n += 1) map.set(String(n), { n }, 1_000);
  clock.advanceSeconds(61);
  map.set("new", { n: 0 });
  expect(map.size).toBe(1);
});

test("gives out copies: what a reader does to them changes nothing", async () => {
  const notes = createMemoryStorage().hash("note", { body: text() });
  await notes.save("a", { body: "hello" });
  const note = await notes.get("a");
  if (note) note.body = "changed";
  expect(await notes.get("a")).toEqual({ body: "hello" });
});

test.each([{ maxEntries: 0 }, { maxEntries: 1.5 }, { maxEntries: 1e10 }, { maxEntry: 5 }])(
  "refuses %o as options",
  (options) => {
    expect(() => createMemoryStorage(options as object)).toThrow(InvalidStorageValueError);
  },
);
