import { expect, test } from "vitest";
import { createFollowedSets } from "../../src/services/followed-sets.js";
import { createMemoryStorage, type Storage } from "../../src/storage/index.js";
import { createGates } from "../support/gate.js";

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
