import { expect, it } from "vitest";
import { OutboxDatabaseError } from "../../src/outbox/errors.js";
import { createOutboxReporter } from "../../src/outbox/reporter.js";

it("tells the first of a row of failures of one kind, and once that they are over", () => {
  const told: string[] = [];
  const reporter = createOutboxReporter(({ type }) => void told.push(type));
  for (let time = 0; time < 3; time += 1) reporter.undelivered(1);
  for (let time = 0; time < 3; time += 1) reporter.failed(new OutboxDatabaseError("gone"));
  reporter.undelivered(1);
  for (let time = 0; time < 3; time += 1) reporter.succeeded();
  expect(told).toEqual(["undelivered", "error", "undelivered", "recovery"]);
  expect(reporter.stats()).toEqual({ delivered: 0, undelivered: 4, errors: 3 });
});
