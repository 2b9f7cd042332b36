import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ServerBusyError } from "../../src/services/errors.js";
import { createLimiter } from "../../src/services/limiter.js";
import { createPasswords } from "../../src/services/passwords.js";
import { createGate } from "../support/gate.js";

/** As the real thing, and cheap. */
const cheap = { cost: { ln: 4, r: 1, p: 1 } };

describe("passwords", () => {
  test("a password opens its own hash and no other does", async () => {
    const passwords = createPasswords(cheap);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.string(), async (right, wrong) => {
        const encoded = await passwords.hash(right);
        expect(await passwords.verify(right, encoded)).toBe(true);
        fc.pre(right.normalize("NFKC") !== wrong.normalize("NFKC"));
        expect(await passwords.verify(wrong, encoded)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test("the same password gives another hash each time", async () => {
    const passwords = createPasswords(cheap);
    expect(await passwords.hash("secret")).not.toBe(await passwords.hash("secret"));
  });

  test("by default a hash says that it cost what OWASP advises", async () => {
    const passwords = createPasswords();
    const encoded = await passwords.hash("secret");
    expect(encoded).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(await passwords.verify("secret", encoded)).toBe(true);
  });

  test("hashes made at another cost still verify", async () => {
    const encoded = await createPasswords({ cost: { ln: 5, r: 2, p: 2 } }).hash("secret");
    expect(await createPasswords(cheap).verify("secret", encoded)).toBe(true);
  });

  test("a letter and its accent typed apart are the letter with the accent", async () => {
    const passwords = createPasswords(cheap);
    expect(await passwords.verify("cafe\u0301", await passwords.hash("caf\u00e9"))).toBe(true);
  });

  test.each([
    undefined,
    null,
    "",
    "plain text",
    "$scrypt$ln=4,r=1,p=1$short$short",
    `$scrypt$ln=30,r=8,p=1$${"A".repeat(22)}$${"A".repeat(43)}`,
    `$scrypt$ln=0,r=8,p=1$${"A".repeat(22)}$${"A".repeat(43)}`,
  ])("nothing opens %s", async (encoded) => {
    expect(await createPasswords(cheap).verify("", encoded)).toBe(false);
  });

  test("an unknown account costs as much work as a wrong password", async () => {
    const runs: number[] = [];
    const passwords = createPasswords({ cost: { ln: 12, r: 8, p: 1 } });
    const encoded = await passwords.hash("secret");
    for (const known of [encoded, undefined]) {
      const before = process.cpuUsage();
      for (let i = 0; i < 10; i += 1) await passwords.verify("wrong", known);
      runs.push(process.cpuUsage(before).user);
    }
    // Without the work it would be a thousandth.
    expect(runs[1]).toBeGreaterThan(runs[0]! / 4);
  });
});

describe("the limiter", () => {
  test("runs so many at a time, in order, and refuses when too many wait", async () => {
    const limited = createLimiter({ maxRunning: 2, maxWaiting: 2 });
    const gates = Array.from({ length: 4 }, createGate);
    const started: number[] = [];
    const runs = gates.map((gate, i) =>
      limited(async () => {
        started.push(i);
        await gate.opened;
        if (i === 0) throw new Error("failed");
        return i;
      }),
    );
    await expect(limited(async () => 4)).rejects.toBeInstanceOf(ServerBusyError);
    expect(started).toEqual([0, 1]);

    gates[0]!.open();
    await expect(runs[0]).rejects.toThrow("failed");
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.open();
    expect(await Promise.all(runs.slice(1))).toEqual([1, 2, 3]);
    expect(await limited(async () => 5)).toBe(5);
  });

  test("a place handed over is not taken by who comes meanwhile", async () => {
    const limited = createLimiter({ maxRunning: 1, maxWaiting: 9 });
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => limited(work).then(() => limited(work))));
    expect(most).toBe(1);
  });
});
