import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomId } from "../../../src/cache/random.js";
import type { Store } from "../../../src/cache/store.js";
import type { Pin } from "../../../src/cache/write-behind/pins.js";
import type { QueuedWrite } from "../../../src/cache/write-behind/queue.js";

/** What every store must do with pending writes, step by step. */
export function testQueue(name: string, open: () => Store): void {
  describe(`${name}, as a place for pending writes`, () => {
    let store: Store;
    let last = 0;
    const newName = () => `{queue} ${++last}`;

    beforeAll(() => {
      store = open();
    });
    afterAll(() => store.close());

    const write = (key: string, text = "value"): QueuedWrite => ({
      key,
      entry: {
        ttlMs: 60_000,
        staleWhileRevalidateMs: 1,
        staleIfErrorMs: 2,
        nullTtlMs: 3,
        tags: [`${key} tag`, "three: 三"],
        coordinate: undefined,
      },
      format: 1,
      value: Buffer.from(text),
    });

    describe("a queue", () => {
      it("hands out what was put into it, in its order, once", async () => {
        const queue = store.queue(newName());
        const sequences: Array<number | undefined> = [];
        for (const key of ["a", "b", "a"]) sequences.push(await queue.append(write(key), 100));
        expect(sequences).toEqual([...sequences].sort());
        expect(new Set(sequences).size).toBe(3);
        const first = await queue.receive(2);
        expect(first).toMatchObject([
          { sequence: sequences[0], attempt: 1, write: { key: "a", format: 1 } },
          { sequence: sequences[1], attempt: 1, write: { key: "b" } },
        ]);
        expect(first[0]?.write.entry).toEqual(JSON.parse(JSON.stringify(write("a").entry)));
        expect(Buffer.from(first[0]?.write.value as Uint8Array).toString()).toBe("value");
        expect(await queue.receive(10)).toMatchObject([{ sequence: sequences[2] }]);
        expect(await queue.receive(10)).toEqual([]);
      });

      it("is empty before anything was put", async () => {
        const queue = store.queue(newName());
        expect(await queue.receive(10)).toEqual([]);
        expect(await queue.adopt(0, 10)).toEqual([]);
        expect(await queue.buried(10)).toEqual([]);
        expect(await queue.last()).toBeUndefined();
        expect(await queue.isPendingUpTo("1-0")).toBe(false);
        expect(await queue.size()).toEqual({ pending: 0, buried: 0, oldestMs: 0 });
        await queue.keep([{ id: "1-0", attempt: 2 }]);
        await queue.settle(["1-0"]);
      });

      it("takes no more than there is room for, the buried ones among them", async () => {
        const queue = store.queue(newName());
        await queue.append(write("a"), 2);
        expect(await queue.append(write("b"), 2)).toBeDefined();
        expect(await queue.append(write("c"), 2)).toBeUndefined();
        const [a, b] = await queue.receive(10);
        await queue.bury(a!, "no");
        expect(await queue.append(write("c"), 2)).toBeUndefined();
        await queue.settle([b!.id]);
        expect(await queue.append(write("c"), 2)).toBeDefined();
        await queue.discard((await queue.buried(1))[0]!.id);
        expect(await queue.append(write("d"), 2)).toBeDefined();
      });

      it("tells what is pending up to a place", async () => {
        const queue = store.queue(newName());
        await queue.append(write("a"), 10);
        await queue.append(write("b"), 10);
        const place = (await queue.last()) as string;
        await queue.append(write("c"), 10);
        const [a, b, c] = await queue.receive(10);
        expect(place).toBe(b?.id);
        await queue.settle([b!.id]);
        expect(await queue.isPendingUpTo(place)).toBe(true);
        await queue.settle([a!.id]);
        expect(await queue.isPendingUpTo(place)).toBe(false);
        expect(await queue.size()).toMatchObject({ pending: 1, buried: 0 });
        expect((await queue.size()).oldestMs).toBeGreaterThanOrEqual(0);
        await queue.settle([c!.id]);
        expect(await queue.size()).toEqual({ pending: 0, buried: 0, oldestMs: 0 });
        expect(await queue.last()).toBeUndefined();
      });

      it("gives greater sequences for ever, also after it was empty", async () => {
        const queue = store.queue(newName());
        let highest = 0;
        for (let turn = 0; turn < 5; turn += 1) {
          const sequence = (await queue.append(write("a"), 10)) as number;
          expect(Number.isSafeInteger(sequence)).toBe(true);
          expect(sequence).toBeGreaterThan(highest);
          highest = sequence;
          const [delivery] = await queue.receive(1);
          await queue.settle([delivery!.id]);
        }
      });

      it("keeps what was given up, and tells why, until it is discarded", async () => {
        const queue = store.queue(newName());
        const sequence = await queue.append(write("a", "precious"), 10);
        const [delivery] = await queue.receive(1);
        const before = Date.now();
        expect(await queue.bury({ ...delivery!, attempt: 7 }, "Error: no such size")).toBe(true);
        expect(await queue.bury({ ...delivery!, attempt: 7 }, "again")).toBe(false);
        const [letter] = await queue.buried(10);
        expect(letter).toMatchObject({
          sequence,
          attempts: 7,
          reason: "Error: no such size",
          write: { key: "a", entry: { ttlMs: 60_000 } },
        });
        expect(Buffer.from(letter!.write.value).toString()).toBe("precious");
        expect(Math.abs(letter!.buriedAtMs - before)).toBeLessThan(5000);
        expect(await queue.buriedAt(letter!.id)).toEqual(letter);
        expect(await queue.size()).toMatchObject({ pending: 0, buried: 1 });
        expect(await queue.discard(letter!.id)).toBe(true);
        expect(await queue.discard(letter!.id)).toBe(false);
        expect(await queue.buriedAt(letter!.id)).toBeUndefined();
        expect(await queue.buriedAt("not an id")).toBeUndefined();
        expect(await queue.discard("not an id")).toBe(false);
        expect(await queue.buried(10)).toEqual([]);
      });

      it("gives a write that is put again the sequence that it had", async () => {
        const queue = store.queue(newName());
        const old = (await queue.append(write("a"), 10)) as number;
        const [delivery] = await queue.receive(1);
        await queue.settle([delivery!.id]);
        const young = (await queue.append(write("a"), 10)) as number;
        expect(await queue.append(write("a"), 10, old)).toBe(old);
        const again = await queue.receive(10);
        expect(again.map(({ sequence }) => sequence)).toEqual([young, old]);
      });

      it("is apart from others", async () => {
        const [one, other] = [store.queue(newName()), store.queue(newName())];
        await one.append(write("a"), 10);
        expect(await other.receive(10)).toEqual([]);
        expect(await other.last()).toBeUndefined();
      });

      it("is left alone by a clear", async () => {
        const [name, key] = [newName(), `pinned ${randomId()}`];
        const queue = store.queue(name);
        await queue.append(write("a"), 10);
        await store.pins.pin(key, pinOf(1));
        await store.clear();
        expect(await queue.receive(10)).toHaveLength(1);
        expect(await store.pins.pinned(key)).toBeDefined();
      });
    });

    const pinOf = (sequence: number, text = "value"): Pin => ({
      queue: "orders",
      sequence,
      tags: ["a", "三"],
      format: 3,
      value: Buffer.from(`${text}\nof two lines`),
    });

    describe("a pin", () => {
      it("is found as it was set", async () => {
        const key = `pinned ${randomId()}`;
        expect(await store.pins.pinned(key)).toBeUndefined();
        expect(await store.pins.pin(key, pinOf(1_750_000_000_000_000))).toBe(true);
        const { value, ...about } = (await store.pins.pinned(key)) as Pin;
        const { value: set, ...its } = pinOf(1_750_000_000_000_000);
        expect(about).toEqual(its);
        expect(Buffer.from(value)).toEqual(set);
      });

      it("gives way to a newer one, and to no older one", async () => {
        const key = `pinned ${randomId()}`;
        expect(await store.pins.pin(key, pinOf(9))).toBe(true);
        expect(await store.pins.pin(key, pinOf(10))).toBe(true);
        expect(await store.pins.pin(key, pinOf(10))).toBe(true);
        expect(await store.pins.pin(key, pinOf(9))).toBe(false);
        expect((await store.pins.pinned(key))?.sequence).toBe(10);
      });

      it("goes with its own write or with a newer one, and stays with an older one's", async () => {
        const key = `pinned ${randomId()}`;
        expect(await store.pins.unpin(key, 8)).toBe("none");
        await store.pins.pin(key, pinOf(10));
        expect(await store.pins.unpin(key, 9)).toBe("newer");
        expect(await store.pins.pinned(key)).toBeDefined();
        expect(await store.pins.unpin(key, 10)).toBe("own");
        expect(await store.pins.pinned(key)).toBeUndefined();
        await store.pins.pin(key, pinOf(11));
        expect(await store.pins.unpin(key, 12)).toBe("none");
        expect(await store.pins.pinned(key)).toBeUndefined();
      });

      it("is not set any more once its write, or a newer one, is done with", async () => {
        const key = `pinned ${randomId()}`;
        expect(await store.pins.unpin(key, 10)).toBe("none");
        expect(await store.pins.pin(key, pinOf(9))).toBe(false);
        expect(await store.pins.pin(key, pinOf(10))).toBe(false);
        expect(await store.pins.unpin(key, 9)).toBe("done");
        expect(await store.pins.unpin(key, 10)).toBe("done");
        expect(await store.pins.pin(key, pinOf(10))).toBe(false);
        expect(await store.pins.pin(key, pinOf(11))).toBe(true);
        expect(await store.pins.unpin(key, 11)).toBe("own");
        expect(await store.pins.pin(key, pinOf(11))).toBe(false);
        expect(await store.pins.pinned(key)).toBeUndefined();
      });

      it("leaves no trace where it was left behind, and goes with nothing else", async () => {
        const key = `pinned ${randomId()}`;
        await store.pins.pin(key, pinOf(10));
        expect(await store.pins.forget(key, 9)).toBe("newer");
        expect(await store.pins.forget(key, 11)).toBe("none");
        expect((await store.pins.pinned(key))?.sequence).toBe(10);
        expect(await store.pins.forget(key, 10)).toBe("own");
        expect(await store.pins.pinned(key)).toBeUndefined();
        expect(await store.pins.forget(key, 10)).toBe("none");
        expect(await store.pins.pin(key, pinOf(9))).toBe(true);
        await store.pins.unpin(key, 9);
        expect(await store.pins.forget(key, 9)).toBe("done");
        expect(await store.pins.forget(key, 8)).toBe("done");
        expect(await store.pins.pin(key, pinOf(9))).toBe(false);
      });

      it("is of a pending write as long as that is in its queue", async () => {
        const name = newName();
        const sequence = (await store.queue(name).append(write("a"), 10)) as number;
        expect(await store.pins.isPending({ ...pinOf(sequence), queue: name })).toBe(true);
      });

      it("comes with the lease, where it is asked for", async () => {
        const [key, other] = [`pinned ${randomId()}`, `other ${randomId()}`];
        await store.pins.pin(key, pinOf(10));
        const take = (name: string, asksPin: boolean) =>
          store.takeLease({
            key: name,
            tags: [],
            token: randomId(),
            leaseMs: 1000,
            over: "any",
            asksPin,
          });
        const [asked, unasked, without] = await Promise.all([
          take(key, true),
          take(other, false),
          take(other, true),
        ]);
        expect(asked).toMatchObject({ taken: true, pinned: { sequence: 10 } });
        expect(unasked).toMatchObject({ taken: true });
        for (const grant of [unasked, without]) {
          expect(grant.taken && grant.pinned).toBeUndefined();
        }
      });
    });
  });
}
