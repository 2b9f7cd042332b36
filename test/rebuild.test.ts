import { afterEach, describe, expect, test } from "vitest";
import { placeOrder } from "./support/ordering.js";
import {
  allKinds,
  type BackendKind,
  openPizzeria,
  type Pizzeria,
  startBackends,
  type TestBackends,
} from "./support/pizzeria.js";

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** Everything that is kept outside the origin is gone; answers with who serves after that. */
async function loseAll(kind: BackendKind, backends: TestBackends, pizzeria: Pizzeria) {
  if (!kind.redis) {
    await pizzeria[Symbol.asyncDispose]();
    opened.pop();
    const again = await openPizzeria(backends);
    opened.push(again);
    return again;
  }
  const { redis } = pizzeria.app.backends;
  if (redis && "nodes" in redis) {
    await Promise.all(redis.nodes("master").map((master) => master.flushall()));
  } else {
    // Nothing is persistent.
    await backends.redis?.restart();
    await expect.poll(() => redis?.status).toBe("ready");
  }
  return pizzeria;
}

const SHOWN = `{
  popularItems { timesOrdered item { id } }
  hourlyOrders { orders }
  kitchenQueue { priority station order { id status } }
  segment(name: "vip") { size customers { id } }
  segmentOverlap(names: ["vip", "vegan"]) { id }
  campaign(id: "summer") { targetCount customers { id } }
}`;

describe.each(allKinds)("what the storage held, $name", (kind) => {
  test("is served as before when it comes back empty", async () => {
    const backends = await startBackends(kind);
    opened.push(backends);
    let pizzeria = await openPizzeria(backends);
    opened.push(pizzeria);
    let staff = await pizzeria.signInStaff();
    const run = async (query: string, variables = {}) => {
      const { data, errors } = await pizzeria.ask(query, { token: staff, variables });
      expect(errors).toBeUndefined();
      return data;
    };
    const ids: string[] = [];
    for (const name of ["Ada", "Bea", "Eve"]) {
      const token = await pizzeria.signUp(name);
      const { data } = await pizzeria.ask<{ me: { id: string } }>("{ me { id } }", { token });
      ids.push(data.me.id);
      await placeOrder(pizzeria, token, "harbour-s");
      await placeOrder(pizzeria, token, "orchard-m");
    }
    const add =
      "mutation ($id: ID!, $s: String!) { addToSegment(customerId: $id, segment: $s) { size } }";
    for (const id of ids) await run(add, { id, s: "vip" });
    await run(add, { id: ids[1], s: "vegan" });
    await run(
      'mutation { createCampaign(id: "summer", segments: ["vip", "vegan"]) { targetCount } }',
    );
    await run('mutation { setPriority(orderId: "5", priority: 3) { priority } }');
    await run('mutation { claimNextTicket(station: "oven") { priority } }');
    await run('mutation { setPriority(orderId: "4", priority: 2) { priority } }');
    const before = await run(SHOWN);
    expect(before).toMatchObject({
      popularItems: [{ timesOrdered: 3 }, { timesOrdered: 3 }],
      kitchenQueue: [{ order: { id: "4" } }, { order: { id: "1" } }, {}, {}, {}],
      segment: { size: 3 },
      segmentOverlap: [{ id: ids[1] }],
      campaign: { targetCount: 3 },
    });

    pizzeria = await loseAll(kind, backends, pizzeria);
    expect(await pizzeria.codeOf(SHOWN, { token: staff })).toBe("UNAUTHENTICATED");
    staff = await pizzeria.signInStaff();
    expect(await run(SHOWN)).toEqual(before);

    pizzeria = await loseAll(kind, backends, pizzeria);
    staff = await pizzeria.signInStaff();
    const claimed = [];
    for (let i = 0; i < 6; i += 1) {
      const { claimNextTicket } = (await run(
        'mutation { claimNextTicket(station: "oven") { order { id } } }',
      )) as { claimNextTicket: { order: { id: string } } | null };
      claimed.push(claimNextTicket?.order.id);
    }
    expect(claimed).toEqual(["4", "1", "2", "3", "6", undefined]);
  });
});
