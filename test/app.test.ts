import { once } from "node:events";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embedded, openPizzeria, startBackends, type TestBackends } from "./support/pizzeria.js";

let backends: TestBackends;
beforeAll(async () => {
  backends = await startBackends(embedded);
});
afterAll(() => backends[Symbol.asyncDispose]());

describe("the app", () => {
  test("closes in spite of a request that never ends, after its deadline", async () => {
    const pizzeria = await openPizzeria(backends, { drainMs: 50 });
    const call = request(await pizzeria.app.listen(), {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": 100 },
    });
    call.write("{");
    const broken = once(call, "error");
    await expect.poll(() => pizzeria.logs.some(({ msg }) => msg === "incoming request")).toBe(true);
    await pizzeria.app.close();
    await broken;
  });

  test("that cannot be built leaves its data folder to the next", async () => {
    const first = await openPizzeria(backends);
    await first.ask(
      'mutation { signUp(name: "Ada", email: "ada@example.org", password: "12345678") { token } }',
    );
    await first.app.close();

    const asStaff = { config: { staffEmail: "ada@example.org" } };
    await expect(openPizzeria(backends, asStaff)).rejects.toMatchObject({
      code: "E_CONFIG",
      message:
        'STAFF_EMAIL must be an address that no customer signed up with, but "ada@example.org" is a customer\'s',
    });

    const again = await openPizzeria(backends);
    expect((await again.ask("{ menu { id } }")).errors).toBeUndefined();
    await again.app.close();
  });
});
