import { describe, expect, test } from "vitest";
import { createFollowedSets } from "../../src/services/followed-sets.js";
import {
  createMemoryStorage,
  type Storage,
  StorageUnavailableError,
} from "../../src/storage/index.js";
import { createGate, createGates } from "../support/gate.js";

test("a set that a reader takes over while its predecessor is removed is not believed to be whole", async () => {
  const memory = createMemoryStorage();
  const { removal, lastPage } = createGates("removal", "lastPage");
  const storage: Storage = {
    ...memory,
    setGroup(name, options) {
      const group = memory.setGroup(name, options);
      return {
        ...group,
        async delete(id) {
          await removal.pass();
          return group.delete(id);
        },
      };
    },
  };
  const members = Array.from({ length: 1_001 }, (_, n) => String(n).padStart(4, "0"));
  const expiresAt = new Date(Date.now() + 3_600_000);
  let pages = 0;
  const campaigns = createFollowedSets({
    storage,
    name: "campaign",
    ttlSeconds: 3_600,
    expiryOf: async () => expiresAt,
    async membersOf(_id, { first, after }) {
      pages += 1;
      // Of a reader's second look, which is for what was committed during its first.
      if (pages === 4) await lastPage.pass();
      return members.filter((member) => after === undefined || member > after).slice(0, first);
    },
    now: () => new Date(),
  });
  const size = () => campaigns.read(["c"], (sets) => sets.size("c"));

  const begun = campaigns.added("c", [], { expiresAt, isNew: true });
  await removal.arrived;
  const reading = size();
  await lastPage.arrived;
  removal.open();
  await begun;
  lastPage.open();
  await reading;
  expect(await size()).toBe(1_001);
});

describe("a set that this process could not write", () => {
  /** A set of Ada, and of Bob, of whom the storage was not told. `asked` is run before the origin answers. */
  async function missingBob() {
    const memory = createMemoryStorage();
    let isAway = false;
    const storage: Storage = {
      ...memory,
      setGroup(name, options) {
        const group = memory.setGroup(name, options);
        const add: typeof group.add = async (...given) => {
          if (isAway) throw new StorageUnavailableError("away");
          return group.add(...given);
        };
        return { ...group, add };
      },
    };
    const origin = { asked: async () => {}, members: ["ada"] };
    const expiresAt = new Date(Date.now() + 3_600_000);
    const segments = createFollowedSets({
      storage,
      name: "segment",
      ttlSeconds: 3_600,
      expiryOf: async () => expiresAt,
      async membersOf() {
        await origin.asked();
        return origin.members;
      },
      now: () => new Date(),
    });
    const size = () => segments.read(["s"], (sets) => sets.size("s"));
    expect(await size()).toBe(1);
    isAway = true;
    origin.members = ["ada", "bob"];
    await segments.added("s", ["bob"], { expiresAt, isNew: false });
    isAway = false;
    return { origin, size };
  }

  test("is taken over by a later reader where the origin failed the first", async () => {
    const { origin, size } = await missingBob();
    origin.asked = async () => {
      throw new Error("busy");
    };
    await expect(size()).rejects.toThrow("busy");
    origin.asked = async () => {};
    expect(await size()).toBe(2);
  });

  test("is believed by nobody while another takes it over", async () => {
    const { origin, size } = await missingBob();
    const gate = createGate();
    origin.asked = () => gate.pass();
    const first = size();
    await gate.arrived;
    const second = size();
    await Promise.race([second, gate.arrivedTimes(2)]);
    gate.open();
    expect(await Promise.all([first, second])).toEqual([2, 2]);
  });
});
