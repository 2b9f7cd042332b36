import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EntryDraft } from "../../src/cache/entry.js";
import { isCoveredBy, isPast, type Position } from "../../src/cache/position.js";
import { randomId } from "../../src/cache/random.js";
import type { LeaseRequest, Reading, Snapshot, Store } from "../../src/cache/store.js";

/**
 * What every store must do, step by step. A new store's test file is this call, with a factory.
 */
export function testStore(name: string, open: () => Promise<Store>): void {
  describe(`${name}, as a store`, () => {
    let store: Store;
    let lastKey = 0;
    const newKey = () => `key ${++lastKey}`;

    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    async function lease(
      key: string,
      more: Partial<LeaseRequest> = {},
    ): Promise<{ token: string; snapshot: Snapshot }> {
      const token = randomId();
      const request = { key, tags: [], token, leaseMs: 10_000, over: "", ...more };
      const grant = await store.takeLease(request);
      if (!grant.taken) throw new Error("The lease was refused.");
      return { token: grant.token, snapshot: grant.snapshot };
    }

    function draft(tags: string[], snapshot: Snapshot, more: Partial<EntryDraft> = {}): EntryDraft {
      return {
        ttlMs: 60_000,
        staleWhileRevalidateMs: 0,
        staleIfErrorMs: 0,
        loadMs: 12,
        tags,
        nonces: tags.map((tag) => snapshot.nonces.get(tag) as string),
        format: 1,
        value: Buffer.from("value"),
        ...more,
      };
    }

    async function filled(key: string, tags: string[] = []): Promise<void> {
      const { token, snapshot } = await lease(key, { tags });
      expect(await store.commit(key, token, draft(tags, snapshot))).toBeGreaterThan(0);
    }

    const textOf = (reading: Reading) =>
      reading.entry && Buffer.from(reading.entry.value).toString("utf8");

    describe("reading", () => {
      it("finds nothing under a key that was never filled", async () => {
        const reading = await store.read(newKey(), []);
        expect(reading).toMatchObject({ token: "", valid: false, pass: false });
        expect(reading.entry).toBeUndefined();
        expect(reading.lease).toBeUndefined();
      });

      it("gives back an entry as it was committed", async () => {
        const key = newKey();
        const tags = ["one", "zwei: ü", "三"].map((tag) => `${key} ${tag}`);
        const { token, snapshot } = await lease(key, { tags });
        const before = store.now();
        const birthMs = (await store.commit(
          key,
          token,
          draft(tags, snapshot, {
            ttlMs: 86_400_000,
            staleWhileRevalidateMs: 300,
            staleIfErrorMs: 3_600_000,
          }),
        )) as number;
        const reading = await store.read(key, tags);
        expect(reading).toMatchObject({ valid: true, token });
        expect(reading.entry).toMatchObject({
          birthMs,
          ttlMs: 86_400_000,
          staleWhileRevalidateMs: 300,
          staleIfErrorMs: 3_600_000,
          loadMs: 12,
          tags,
          format: 1,
        });
        expect(textOf(reading)).toBe("value");
        expect(Math.abs(birthMs - before)).toBeLessThan(1000);
      });

      it("numbers readings in the order in which they were sent", async () => {
        const first = await store.read(newKey(), []);
        const second = await store.read(newKey(), []);
        expect(second.sequence).toBeGreaterThan(first.sequence);
      });

      it("checks tags that only the entry knows", async () => {
        const key = newKey();
        const tag = `${key} tag`;
        await filled(key, [tag]);
        expect((await store.read(key, [])).valid).toBe(true);
        await store.evict([tag]);
        expect((await store.read(key, [])).valid).toBe(false);
      });

      it("forgets an entry when its life ends", async () => {
        const key = newKey();
        const { token, snapshot } = await lease(key);
        await store.commit(key, token, draft([], snapshot, { ttlMs: 20 }));
        await expect.poll(async () => (await store.read(key, [])).entry).toBeUndefined();
      });
    });

    describe("leasing", () => {
      it("gives the lease to one, and shows it to readers", async () => {
        const key = newKey();
        const { token } = await lease(key);
        const second = await store.takeLease({
          key,
          tags: [],
          token: randomId(),
          leaseMs: 1000,
          over: "",
        });
        expect(second).toEqual({ taken: false });
        const { lease: seen } = await store.read(key, []);
        expect(seen).toMatchObject({ token, doomed: false });
        expect(seen?.remainingMs).toBeGreaterThan(9000);
        expect(seen?.remainingMs).toBeLessThanOrEqual(10_050);
      });

      it("refuses to lease over an entry that came after the caller looked", async () => {
        const key = newKey();
        const seen = await store.read(key, []);
        await filled(key);
        const late = { key, tags: [], token: randomId(), leaseMs: 1000, over: seen.token };
        expect(await store.takeLease(late)).toEqual({ taken: false });
      });

      it("leases over the very entry that the caller saw, and keeps its body readable", async () => {
        const key = newKey();
        await filled(key);
        const { token: seen } = await store.read(key, []);
        await lease(key, { over: seen });
        const reading = await store.read(key, []);
        expect(reading.valid).toBe(true);
        expect(textOf(reading)).toBe("value");
        expect(reading.lease).toBeDefined();
      });

      it("gives a dead holder's lease to the next, and only to one", async () => {
        const key = newKey();
        await lease(key, { leaseMs: 20 });
        await expect.poll(async () => (await store.read(key, [])).lease).toBeUndefined();
        const { token: over } = await store.read(key, []);
        const takeAll = async () => {
          const request = { key, tags: [], leaseMs: 10_000, over };
          const all = [1, 2, 3].map(() => store.takeLease({ ...request, token: randomId() }));
          return (await Promise.all(all)).filter(({ taken }) => taken).length;
        };
        // By the store's own clock it may hold a moment longer.
        await expect.poll(takeAll).toBe(1);
        expect(await takeAll()).toBe(0);
      });

      it("leaves a lease that holds to its holder, though the caller took it for run out", async () => {
        const key = newKey();
        const { token } = await lease(key);
        const request = { key, tags: [], token: randomId(), leaseMs: 1000, over: token };
        expect(await store.takeLease(request)).toEqual({ taken: false });
        expect(await store.takeLease({ ...request, overHeld: true })).toMatchObject({
          taken: true,
        });
      });

      it("tells, where asked, when the key was deleted last, and no other", async () => {
        const [key, other] = [newKey(), newKey()];
        await lease(key);
        const before = await store.readPosition();
        await store.delete(key);
        const after = await store.readPosition();
        const { snapshot } = await lease(key, { asksDeletion: true });
        expect(isPast(snapshot.deletedAt as Position, before)).toBe(true);
        expect(isCoveredBy(snapshot.deletedAt as Position, after)).toBe(true);
        expect((await lease(other, { asksDeletion: true })).snapshot.deletedAt).toBeUndefined();
      });

      it("lets a set take whatever is there", async () => {
        const key = newKey();
        const first = await lease(key);
        await lease(key, { over: "any" });
        expect(await store.commit(key, first.token, draft([], first.snapshot))).toBeUndefined();
      });

      it("renews a lease that holds, and tells when it is lost", async () => {
        const key = newKey();
        const tags = [`${key} tag`];
        const { token } = await lease(key, { tags, leaseMs: 2000 });
        expect(await store.renewLease({ key, tags, token, leaseMs: 60_000 })).toBe(true);
        expect((await store.read(key, tags)).lease?.remainingMs).toBeGreaterThan(50_000);
        await store.delete(key);
        expect(await store.renewLease({ key, tags, token, leaseMs: 60_000 })).toBe(false);
      });

      it("does not revive a lease that ran out, even where nobody took it", async () => {
        const key = newKey();
        await filled(key);
        const { token: over } = await store.read(key, []);
        const { token, snapshot } = await lease(key, { over, leaseMs: 20 });
        await expect.poll(async () => (await store.read(key, [])).lease).toBeUndefined();
        expect(await store.renewLease({ key, tags: [], token, leaseMs: 60_000 })).toBe(false);
        const late = draft([], snapshot, { value: Buffer.from("late") });
        expect(await store.commit(key, token, late)).toBeUndefined();
        expect(textOf(await store.read(key, []))).toBe("value");
      });
    });

    describe("committing", () => {
      it("is refused once the lease was taken over", async () => {
        const key = newKey();
        const first = await lease(key, { leaseMs: 20 });
        await expect.poll(async () => (await store.read(key, [])).lease).toBeUndefined();
        await lease(key, { over: first.token });
        expect(await store.commit(key, first.token, draft([], first.snapshot))).toBeUndefined();
        expect((await store.read(key, [])).entry).toBeUndefined();
      });

      it("is refused after the key was deleted", async () => {
        const key = newKey();
        const { token, snapshot } = await lease(key);
        await store.delete(key);
        expect(await store.commit(key, token, draft([], snapshot))).toBeUndefined();
        expect((await store.read(key, [])).entry).toBeUndefined();
      });

      it("is refused the second time", async () => {
        const key = newKey();
        const { token, snapshot } = await lease(key);
        expect(await store.commit(key, token, draft([], snapshot))).toBeDefined();
        expect(await store.commit(key, token, draft([], snapshot))).toBeUndefined();
      });

      it("stores nothing valid when a tag was evicted since the snapshot", async () => {
        const key = newKey();
        const tags = [`${key} a`, `${key} b`];
        const { token, snapshot } = await lease(key, { tags });
        await store.evict([tags[1] as string]);
        await store.commit(key, token, draft(tags, snapshot));
        expect((await store.read(key, tags)).valid).toBe(false);
      });
    });

    describe("releasing", () => {
      it("leaves nothing where nothing was", async () => {
        const key = newKey();
        const { token } = await lease(key);
        await store.releaseLease(key, token, 0);
        expect(await store.read(key, [])).toMatchObject({ token: "", pass: false });
      });

      it("leaves the entry that was there", async () => {
        const key = newKey();
        await filled(key);
        const { token } = await lease(key, { over: (await store.read(key, [])).token });
        await store.releaseLease(key, token, 0);
        const reading = await store.read(key, []);
        expect(reading.valid).toBe(true);
        expect(reading.lease).toBeUndefined();
      });

      it("leaves a pass marker that passes by itself", async () => {
        const key = newKey();
        const { token } = await lease(key);
        await store.releaseLease(key, token, 60);
        expect((await store.read(key, [])).pass).toBe(true);
        await expect.poll(async () => (await store.read(key, [])).pass).toBe(false);
        await lease(key, { over: (await store.read(key, [])).token });
      });

      it("leaves a pass marker that an eviction of one of the tags removes", async () => {
        const key = newKey();
        const tags = [`${key} tag`];
        const { token } = await lease(key, { tags });
        await store.releaseLease(key, token, 60_000);
        expect((await store.read(key, tags)).pass).toBe(true);
        await store.evict(tags);
        const reading = await store.read(key, tags);
        expect([reading.pass, reading.doomed]).toEqual([false, true]);
        await lease(key, { tags, over: reading.token, overHeld: true });
      });

      it("does nothing to another's lease", async () => {
        const key = newKey();
        const { token } = await lease(key);
        await store.releaseLease(key, randomId(), 1000);
        expect((await store.read(key, [])).lease?.token).toBe(token);
      });
    });

    describe("evicting", () => {
      it("makes every entry of the tag invalid, and no other", async () => {
        const [a, b, c] = [newKey(), newKey(), newKey()];
        const [tag, other] = [`${a} tag`, `${a} other`];
        await filled(a, [tag]);
        await filled(b, [other, tag]);
        await filled(c, [other]);
        await store.evict([tag]);
        expect((await store.read(a, [tag])).valid).toBe(false);
        expect((await store.read(b, [other, tag])).valid).toBe(false);
        expect((await store.read(c, [other])).valid).toBe(true);
      });

      it("tells how many members the tags had", async () => {
        const [a, b] = [newKey(), newKey()];
        const tags = [`${a} x`, `${a} y`];
        await filled(a, tags);
        await filled(b, tags.slice(0, 1));
        expect((await store.evict([`${a} nothing`])).entries).toBe(0);
        expect((await store.evict(tags)).entries).toBe(3);
        expect((await store.evict(tags)).entries).toBe(0);
      });

      it("shows a lease taken before it as doomed, and one taken after it as sound", async () => {
        const key = newKey();
        const tags = [`${key} tag`];
        const { token } = await lease(key, { tags });
        expect((await store.read(key, tags)).lease?.doomed).toBe(false);
        await store.evict(tags);
        expect((await store.read(key, tags)).lease).toMatchObject({ token, doomed: true });
        await lease(key, { tags, over: token, overHeld: true });
        expect((await store.read(key, tags)).lease?.doomed).toBe(false);
      });

      it("does not doom a write's lease, and leaves it to its holder", async () => {
        const key = newKey();
        const tags = [`${key} tag`];
        const { token, snapshot } = await lease(key, { tags, outlastsEvictions: true });
        await store.evict(tags);
        const reading = await store.read(key, tags);
        expect(reading.lease).toMatchObject({ token, doomed: false });
        expect(reading.doomed).toBe(false);
        expect(await store.commit(key, token, draft([], snapshot))).toBeDefined();
      });

      it("tells which version a tag had, and which it was given", async () => {
        const tags = [`${newKey()} a`, `${newKey()} b`];
        const [known, unknown] = tags as [string, string];
        const before = (await store.snapshot([known])).nonces.get(known);
        const { versions } = await store.evict(tags);
        expect(versions.get(known)?.before).toBe(before);
        expect(versions.get(unknown)?.before).toBeUndefined();
        const { nonces } = await store.snapshot(tags);
        for (const tag of tags) expect(versions.get(tag)?.after).toBe(nonces.get(tag));
        const again = (await store.evict([known])).versions.get(known);
        expect(again?.before).toBe(nonces.get(known));
      });

      it("advances the log, and gives every tag a floor that no eviction of it is past", async () => {
        const tag = `${newKey()} tag`;
        const first = await store.evict([tag]);
        const second = await store.evict([`${tag} other`]);
        expect(second.position.epoch).toBe(first.position.epoch);
        expect(second.position.n).toBeGreaterThan(first.position.n);
        const snapshot = await store.snapshot([tag, `${tag} new`]);
        expect(snapshot.floors.get(tag)?.n).toBeGreaterThanOrEqual(first.position.n);
        // Nothing is known of a tag without a version: whatever was evicted up to now may have been it.
        expect(snapshot.floors.get(`${tag} new`)?.n).toBeGreaterThanOrEqual(second.position.n);
        expect(snapshot.head.n).toBeGreaterThanOrEqual(second.position.n);
      });

      it("keeps a tag's floor where it is while other tags are evicted", async () => {
        const tag = `${newKey()} tag`;
        const { floors } = await store.snapshot([tag]);
        await expect
          .poll(async () => {
            await store.evict([`${tag} other`]);
            const [a, b] = [await store.snapshot([tag]), await store.snapshot([tag])];
            return [a.floors.get(tag), b.floors.get(tag)];
          })
          .toEqual([floors.get(tag), floors.get(tag)]);
      });

      it("hands out the position that it has evicted at as the known head, or a later one", async () => {
        const { position } = await store.evict([`${newKey()} tag`]);
        expect(store.knownPosition()?.n).toBeGreaterThanOrEqual(position.n);
        expect((await store.readPosition()).epoch).toBe(position.epoch);
      });
    });

    describe("watching", () => {
      it.each([
        [
          "a commit",
          (key: string, token: string, snapshot: Snapshot) =>
            store.commit(key, token, draft([], snapshot)),
        ],
        ["a release", (key: string, token: string) => store.releaseLease(key, token, 0)],
        ["a deletion", (key: string) => store.delete(key)],
      ] as const)("wakes at %s", async (_, act) => {
        const key = newKey();
        const { token, snapshot } = await lease(key);
        const watch = await store.watch(key);
        await act(key, token, snapshot);
        await watch.next();
        watch.close();
      });

      it("wakes at an eviction", async () => {
        const watch = await store.watch(newKey());
        await store.evict([`${newKey()} tag`]);
        await watch.next();
        watch.close();
      });

      it("remembers a wake that came while nobody listened", async () => {
        const key = newKey();
        const watch = await store.watch(key);
        const woken = watch.next();
        await store.delete(key);
        await woken;
        watch.close();
      });
    });

    it("clears everything, and what was under way can commit nothing", async () => {
      const [a, b] = [newKey(), newKey()];
      await filled(a, [`${a} tag`]);
      const { token, snapshot } = await lease(b);
      await store.clear();
      expect((await store.read(a, [])).entry).toBeUndefined();
      expect(await store.commit(b, token, draft([], snapshot))).toBeUndefined();
      expect(await store.estimateEntries()).toBe(0);
    });

    it("estimates how many entries there are", async () => {
      await store.clear();
      for (let entry = 0; entry < 20; entry += 1) await filled(newKey());
      expect(await store.estimateEntries()).toBe(20);
    });

    it("answers a ping, and has no problems to tell", async () => {
      await store.ping();
      await expect.poll(() => store.problems()).toEqual([]);
    });
  });
}
