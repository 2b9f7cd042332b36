import { expect, test } from "vitest";
import { describeServer } from "./server-conformance.js";
import { overMercurius } from "./support/servers.js";

let compiled = 0;

describeServer(
  "Mercurius with jit",
  overMercurius({
    jit: 1,
    onCompiled: () => {
      compiled += 1;
    },
  }),
);

test("queries were compiled", () => {
  expect(compiled).toBeGreaterThan(0);
});
