import { fastify } from "fastify";
import { describe, expect, test, vi } from "vitest";
import { addHealthRoutes, type Check, type OutboxReading } from "../../src/http/health.js";

const answers: Check = async () => "PONG";
const fails: Check = async () => {
  throw new Error("connect ECONNREFUSED 10.0.0.7:6379");
};

async function ready(
  database: Check,
  redis: Check | undefined,
  outbox?: () => Promise<OutboxReading>,
) {
  await using server = Object.assign(fastify(), {
    [Symbol.asyncDispose]: async () => server.close(),
  });
  addHealthRoutes(server, { database, redis, ...(outbox && { outbox }) });
  const response = await server.inject("/health/ready");
  return { status: response.statusCode, body: response.json() };
}

describe("/health/ready", () => {
  test("is ok when both answer", async () => {
    expect(await ready(answers, answers)).toEqual({
      status: 200,
      body: { status: "ok", database: "ok", redis: "ok", problems: [] },
    });
  });

  test("is ok without a Redis to answer", async () => {
    expect(await ready(answers, undefined)).toEqual({
      status: 200,
      body: { status: "ok", database: "ok", redis: "none", problems: [] },
    });
  });

  test("still serves, degraded, when Redis is down", async () => {
    expect(await ready(answers, fails)).toEqual({
      status: 200,
      body: {
        status: "degraded",
        database: "ok",
        redis: "down",
        problems: ["Redis does not answer."],
      },
    });
  });

  test("is 503 when the database is down, and shows no address", async () => {
    expect(await ready(fails, answers)).toEqual({
      status: 503,
      body: {
        status: "down",
        database: "down",
        redis: "ok",
        problems: ["The database does not answer."],
      },
    });
  });

  test("shows what waits in the outbox, and is degraded when it waits for too long", async () => {
    const fine = async () => ({ pending: 2, problems: [] });
    expect((await ready(answers, answers, fine)).body).toMatchObject({
      status: "ok",
      undeliveredEvictions: 2,
    });
    const late = async () => ({ pending: 2, problems: ["They wait."] });
    expect((await ready(answers, answers, late)).body).toMatchObject({
      status: "degraded",
      problems: ["They wait."],
    });
    const told = async () => ({
      pending: 2,
      problems: ["The database must count, but: connect ECONNREFUSED 10.0.0.5:5432"],
    });
    expect((await ready(answers, answers, told)).body).toMatchObject({
      status: "degraded",
      problems: ["The database must count, but it failed."],
    });
    const silent = async () => ({ pending: null, problems: ["The database must count."] });
    expect((await ready(fails, answers, silent)).body).toEqual({
      status: "down",
      database: "down",
      redis: "ok",
      problems: ["The database does not answer."],
    });
  });

  test("says what the cache does without, and names no address", async () => {
    await using server = Object.assign(fastify(), {
      [Symbol.asyncDispose]: async () => server.close(),
    });
    const cache = async () => ({
      breaker: { state: "open" as const, cause: "10.0.0.7", lostNodes: ["10.0.0.8:6379"] },
      pushConnected: false,
      undeliveredEvictions: 3,
      problems: ["The store is out of reach."],
    });
    addHealthRoutes(server, { database: answers, redis: answers, cache });
    const response = await server.inject("/health/ready");
    expect(response.json()).toEqual({
      status: "degraded",
      database: "ok",
      redis: "ok",
      cache: { breaker: "open", lostNodes: 1, pushConnected: false, undeliveredEvictions: 3 },
      problems: ["The store is out of reach."],
    });
  });

  test("takes a check that never answers for a failure", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      const answer = ready(answers, () => new Promise(() => {}));
      await vi.advanceTimersByTimeAsync(5_000);
      expect((await answer).body).toMatchObject({ status: "degraded", redis: "down" });
    } finally {
      vi.useRealTimers();
    }
  });
});

test("/health/live answers whatever the backends do", async () => {
  const server = fastify();
  addHealthRoutes(server, { database: fails, redis: fails });
  const response = await server.inject("/health/live");
  expect(response.statusCode).toBe(200);
  await server.close();
});
