import { createServer } from "node:net";
import { expect, test } from "vitest";
import { explainStartError } from "../../src/http/start-errors.js";

/** What listening there fails with. */
const failureAt = (port: number, host: string) =>
  new Promise<Error>((resolve, reject) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen(port, host, () => server.close(() => reject(new Error("it listens"))));
  });

test("a host that nobody knows is told in one line that names the variable", async () => {
  expect(explainStartError(await failureAt(0, "no-such-host.invalid"))).toMatch(
    /^HOST must be a host name or an address of this machine, but: getaddrinfo \S+ no-such-host\.invalid$/,
  );
});

test("an address of another machine is told in one line that names the variables", async () => {
  expect(explainStartError(await failureAt(0, "203.0.113.1"))).toMatch(
    /^PORT and HOST must be free to listen on, but: listen EADDRNOTAVAIL[^\n]*$/,
  );
});

test("an error that nobody expects is told whole", () => {
  const error = new Error("surprise");
  expect(explainStartError(error)).toBe(error.stack);
});
