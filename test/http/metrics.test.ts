import { type FastifyInstance, fastify } from "fastify";
import { afterEach, describe, expect, test, vi } from "vitest";
import { addMetricsRoute } from "../../src/http/metrics.js";

const stats = {
  hits: 3,
  nearHits: 0,
  staleHits: 1,
  misses: 2,
  waits: 0,
  loads: 2,
  fills: 2,
  evictions: 4,
  puts: 6,
  written: 5,
  writeFailures: 1,
  deadLetters: 0,
  outages: 1,
  errors: 0,
};
const health = {
  breaker: { state: "half-open", lostNodes: ["10.0.0.7:6379"] },
  pushConnected: false,
  undeliveredEvictions: 9,
  problems: ["Something.", "Something else."],
};
let server: FastifyInstance;
let tell: (event: { type: string; coordinate?: string }) => void;
const cache = {
  stats: () => stats,
  health: async () => health,
  onEvent: (listener: typeof tell) => {
    tell = listener;
  },
};

function serve(token?: string) {
  server = fastify();
  addMetricsRoute(server, { cache, origin: { statements: 9 }, token });
  server.get("/pizza/:id", async () => "ok");
}
afterEach(() => server.close());

async function scrape(headers: Record<string, string> = {}) {
  return server.inject({ url: "/metrics", headers });
}

describe("/metrics", () => {
  test("shows the cache's numbers as they are when scraped", async () => {
    serve();
    const { body } = await scrape();
    expect(body).toContain("cache_hits_total 3\n");
    expect(body).toContain("cache_stale_hits_total 1\n");
    expect(body).toContain("cache_evictions_total 4\n");
    stats.hits = 5;
    expect((await scrape()).body).toContain("cache_hits_total 5\n");
  });

  test("shows how look-ups of each field were answered, and what the origin was asked", async () => {
    serve();
    for (const type of ["hit", "hit", "miss", "fill"]) tell({ type, coordinate: "Query.menu" });
    tell({ type: "hit" });
    const { body } = await scrape();
    expect(body).toContain('cache_field_lookups_total{field="Query.menu",answer="hit"} 2\n');
    expect(body).toContain('cache_field_lookups_total{field="Query.menu",answer="miss"} 1\n');
    expect(body.match(/^cache_field_lookups_total/gm)).toHaveLength(2);
    expect(body).toContain("origin_statements_total 9\n");
  });

  test("shows what is degraded, asked for once a scrape, and no address", async () => {
    let asked = 0;
    server = fastify();
    const counted = async () => {
      asked += 1;
      return health;
    };
    addMetricsRoute(server, { cache: { ...cache, health: counted } });
    const { body } = await scrape();
    expect(body).toContain("cache_breaker_state 1\n");
    expect(body).toContain("cache_lost_nodes 1\n");
    expect(body).toContain("cache_push_connected 0\n");
    expect(body).toContain("cache_undelivered_evictions 9\n");
    expect(body).toContain("cache_problems 2\n");
    expect(body).toContain("cache_outages_total 1\n");
    expect(body).not.toContain("10.0.0.7");
    expect(asked).toBe(1);
    await scrape();
    expect(asked).toBe(2);
  });

  test("shows the outbox's numbers, of which the database may not tell all", async () => {
    let pending: number | null = 3;
    server = fastify();
    addMetricsRoute(server, {
      cache,
      outbox: {
        stats: () => ({ delivered: 7, undelivered: 1, errors: 0 }),
        health: async () => ({ pending, oldestSeconds: pending === null ? null : 1.5 }),
      },
    });
    const { body } = await scrape();
    expect(body).toContain("outbox_delivered_total 7\n");
    expect(body).toContain("outbox_pending 3\n");
    expect(body).toContain("outbox_oldest_seconds 1.5\n");
    pending = null;
    expect((await scrape()).body).toMatch(/^outbox_pending nan$/im);
  });

  test("asks the outbox once, and does not wait for a database that is silent", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      const stats = { delivered: 7, undelivered: 1, errors: 0 };
      const health = vi.fn(() => new Promise<never>(() => {}));
      server = fastify();
      addMetricsRoute(server, { cache, outbox: { stats: () => stats, health } });
      const scraping = scrape();
      await vi.waitFor(() => expect(health).toHaveBeenCalled());
      await vi.advanceTimersByTimeAsync(5_000);
      const { body } = await scraping;
      expect(body).toMatch(/^outbox_pending nan$/im);
      expect(body).toMatch(/^outbox_oldest_seconds nan$/im);
      expect(body).toContain("outbox_delivered_total 7\n");
      expect(health).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test("shows the queues' numbers, of which Redis may not tell any", async () => {
    let isAway = false;
    server = fastify();
    addMetricsRoute(server, {
      cache,
      queues: [
        {
          name: "likes",
          async health() {
            if (isAway) throw new Error("away");
            return { pending: 3, deadLetters: 1, oldestSeconds: 0.5 };
          },
        },
      ],
    });
    const { body } = await scrape();
    expect(body).toContain('write_behind_pending{queue="likes"} 3\n');
    expect(body).toContain('write_behind_dead_letters{queue="likes"} 1\n');
    expect(body).toContain('write_behind_oldest_seconds{queue="likes"} 0.5\n');
    isAway = true;
    expect((await scrape()).body).toMatch(/^write_behind_pending\{queue="likes"\} nan$/im);
  });

  test("shows the process's own numbers", async () => {
    serve();
    expect((await scrape()).body).toContain("process_cpu_seconds_total");
  });

  test("times requests by the route's pattern, never by a path a client made up", async () => {
    serve();
    await server.inject("/pizza/1");
    await server.inject("/no/such/path");
    const { body } = await scrape();
    expect(body).toContain(
      'http_request_duration_seconds_count{method="GET",route="/pizza/:id",status="200"} 1',
    );
    expect(body).toContain('route="none",status="404"} 1');
    expect(body).not.toContain("/no/such/path");
  });

  test("asks for its token where there is one", async () => {
    serve("s3cret");
    expect((await scrape()).statusCode).toBe(401);
    expect((await scrape({ authorization: "Bearer s3cre" })).statusCode).toBe(401);
    expect((await scrape({ authorization: "s3cret" })).statusCode).toBe(401);
    expect((await scrape({ authorization: "Bearer s3cret" })).statusCode).toBe(200);
  });

  test("may exist twice in one process", async () => {
    serve();
    const first = server;
    serve();
    expect((await scrape()).statusCode).toBe(200);
    await first.close();
  });
});
