import { describe, expect, test } from "vitest";
import type { Watch } from "../../src/cache/store.js";
import { createWakers } from "../../src/cache/wakers.js";

/** Whether the watch's next wake has come, once all promise jobs are done. */
async function isWoken(watch: Watch): Promise<boolean> {
  let woken = false;
  watch.next().then(() => {
    woken = true;
  });
  await new Promise(setImmediate);
  return woken;
}

describe("a watch", () => {
  test("is woken by its own key and no other", async () => {
    const wakers = createWakers();
    const [menu, order] = [wakers.add("menu"), wakers.add("order")];
    const woken: string[] = [];
    const waiting = menu.next().then(() => woken.push("menu"));
    order.next().then(() => woken.push("order"));
    wakers.wake("menu");
    await waiting;
    await new Promise(setImmediate);
    expect(woken).toEqual(["menu"]);
  });

  test("loses no wake that came while its holder was reading", async () => {
    const wakers = createWakers();
    const watch = wakers.add("menu");
    wakers.wake("menu");
    expect(await isWoken(watch)).toBe(true);
  });

  test("is woken once by wakes that came together", async () => {
    const wakers = createWakers();
    const watch = wakers.add("menu");
    wakers.wake("menu");
    wakers.wake("menu");
    expect(await isWoken(watch)).toBe(true);
    expect(await isWoken(watch)).toBe(false);
  });

  test("is woken anew by each later wake", async () => {
    const wakers = createWakers();
    const watch = wakers.add("menu");
    for (let turn = 0; turn < 3; turn += 1) {
      const woken = watch.next();
      wakers.wake("menu");
      await woken;
    }
    expect(await isWoken(watch)).toBe(false);
  });

  test("is woken with all others of its key", async () => {
    const wakers = createWakers();
    const watches = [wakers.add("menu"), wakers.add("menu")];
    wakers.wake("menu");
    expect(await Promise.all(watches.map(isWoken))).toEqual([true, true]);
  });

  test("is woken with everybody when anything may have changed", async () => {
    const wakers = createWakers();
    const watches = [wakers.add("menu"), wakers.add("order")];
    wakers.wakeAll();
    expect(await Promise.all(watches.map(isWoken))).toEqual([true, true]);
  });

  test("hears nothing once it is closed", async () => {
    const wakers = createWakers();
    const [closed, open] = [wakers.add("menu"), wakers.add("menu")];
    closed.close();
    wakers.wake("menu");
    expect(await isWoken(closed)).toBe(false);
    expect(await isWoken(open)).toBe(true);
  });
});

describe("what nobody waits for any more", () => {
  test("is forgotten, and told once", () => {
    const idle: string[] = [];
    const wakers = createWakers((key) => idle.push(key));
    const [one, two, other] = [wakers.add("menu"), wakers.add("menu"), wakers.add("order")];
    expect([...wakers.keys()]).toEqual(["menu", "order"]);
    one.close();
    expect(idle).toEqual([]);
    expect(wakers.has("menu")).toBe(true);
    two.close();
    two.close();
    expect(idle).toEqual(["menu"]);
    expect(wakers.has("menu")).toBe(false);
    expect([...wakers.keys()]).toEqual(["order"]);
    other.close();
    expect(idle).toEqual(["menu", "order"]);
  });

  test("is not forgotten for those who came after", async () => {
    const idle: string[] = [];
    const wakers = createWakers((key) => idle.push(key));
    const early = wakers.add("menu");
    early.close();
    const late = wakers.add("menu");
    early.close();
    expect(wakers.has("menu")).toBe(true);
    wakers.wake("menu");
    expect(await isWoken(late)).toBe(true);
    expect(idle).toEqual(["menu"]);
  });

  test("may be woken all the same", () => {
    const wakers = createWakers();
    expect(() => wakers.wake("menu")).not.toThrow();
  });
});
