import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { type Client, createClient } from "graphql-ws";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { limits } from "../../src/http/limits.js";
import { placeOrder } from "../support/ordering.js";
import {
  backendKinds,
  embedded,
  openPizzeria,
  type Pizzeria,
  startBackends,
  startPizzeria,
  type TestBackends,
} from "../support/pizzeria.js";

const TICKETS = "subscription { kitchenTickets { priority station order { id status readyAt } } }";

interface Ticket {
  priority: number;
  station: string | null;
  order: { id: string; status: string };
}
interface Event {
  data?: { kitchenTickets: Ticket } | null;
  errors?: readonly { extensions?: Record<string, unknown> }[];
}

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose();
});

const urlOf = async ({ app }: Pizzeria) =>
  (app.fastify.server.listening
    ? `http://127.0.0.1:${(app.fastify.server.address() as { port: number }).port}/graphql`
    : await app.listen()
  ).replace("http", "ws");

async function connect(
  pizzeria: Pizzeria,
  connectionParams: Record<string, unknown> | undefined,
): Promise<Client> {
  const client = createClient({
    url: await urlOf(pizzeria),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: true,
    ...(connectionParams && { connectionParams }),
  });
  clients.push(client);
  return client;
}

/** Why a client is let in or not: the code its socket is closed with, or "acknowledged". */
async function admission(
  pizzeria: Pizzeria,
  connectionParams?: Record<string, unknown>,
): Promise<number | "acknowledged"> {
  const client = await connect(pizzeria, connectionParams);
  return new Promise((resolve) => {
    client.on("connected", () => resolve("acknowledged"));
    client.on("closed", (event) => resolve((event as { code: number }).code));
    client.subscribe({ query: TICKETS }, { next() {}, error() {}, complete() {} });
  });
}

/** Subscribes, and resolves once the server has: what happens from then on is told. */
async function subscribe(pizzeria: Pizzeria, token: string, query = TICKETS) {
  const client = await connect(pizzeria, { authorization: `Bearer ${token}` });
  const events = client.iterate<{ kitchenTickets: Ticket }>({ query });
  const first = events.next();
  first.catch(() => {});
  return { client, events, first };
}

describe.each(backendKinds)("the subscription to the kitchen's tickets, $name", (kind) => {
  let pizzeria: Pizzeria;
  let staff: string;
  let ada: string;
  beforeAll(async () => {
    pizzeria = await startPizzeria(kind);
    staff = await pizzeria.signInStaff();
    ada = await pizzeria.signUp("Ada");
  });
  afterAll(() => pizzeria[Symbol.asyncDispose]());
  const run = async (query: string) =>
    expect((await pizzeria.ask(query, { token: staff })).errors).toBeUndefined();
  /** Resolves when it will be told of what happens. */
  async function opened() {
    const { kitchenEvents } = pizzeria.app.services;
    await expect.poll(() => kitchenEvents.subscribers).toBe(0);
    const { events, first } = await subscribe(pizzeria, staff);
    await expect.poll(() => kitchenEvents.subscribers).toBe(1);
    let isFirst = true;
    return async () => {
      const event = await (isFirst ? first : events.next());
      isFirst = false;
      return (event as IteratorResult<Event>).value as Event;
    };
  }
  async function claimAll() {
    for (;;) {
      const { data } = await pizzeria.ask<{ claimNextTicket: unknown }>(
        'mutation { claimNextTicket(station: "nobody") { priority } }',
        { token: staff },
      );
      if (data.claimNextTicket === null) return;
    }
  }

  test("tells of each as it is queued, prioritised, claimed, given back and completed", async () => {
    await claimAll();
    const next = await opened();
    const id = await placeOrder(pizzeria, ada);
    const told = async () => {
      const ticket = (await next()).data?.kitchenTickets;
      expect(ticket?.order.id).toBe(id);
      return [ticket?.priority, ticket?.station, ticket?.order.status];
    };
    await run(`mutation { setPriority(orderId: "${id}", priority: 7) { priority } }`);
    await run('mutation { claimNextTicket(station: "oven") { priority } }');
    await pizzeria.app.backends.database.query(
      "UPDATE kitchen_tickets SET claimed_until = now() - interval '1 second' WHERE order_id = $1",
      [id],
    );
    await pizzeria.app.services.kitchen.tend();
    await run('mutation { claimNextTicket(station: "grill") { priority } }');
    await run(`mutation { completeTicket(orderId: "${id}") { id } }`);
    expect([
      await told(),
      await told(),
      await told(),
      await told(),
      await told(),
      await told(),
    ]).toEqual([
      [0, null, "PENDING"],
      [7, null, "PENDING"],
      [7, "oven", "PREPARING"],
      [7, null, "PENDING"],
      [7, "grill", "PREPARING"],
      [7, "grill", "READY"],
    ]);
  });

  test("ends with the session that opened it", async () => {
    const next = await opened();
    const { data } = await pizzeria.ask("mutation { signOutEverywhere }", { token: staff });
    expect(data).toEqual({ signOutEverywhere: true });
    await placeOrder(pizzeria, ada);
    await expect(next()).rejects.toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
    staff = await pizzeria.signInStaff();
  });

  test("lets staff in alone", async () => {
    expect(await admission(pizzeria)).toBe(4403);
    expect(await admission(pizzeria, { authorization: 7 })).toBe(4403);
    expect(await admission(pizzeria, { authorization: `Bearer ${"x".repeat(43)}` })).toBe(4403);
    expect(await admission(pizzeria, { authorization: `Bearer ${ada}` })).toBe(4403);
    expect(await admission(pizzeria, { authorization: `Bearer ${staff}` })).toBe("acknowledged");
    expect(await admission(pizzeria, { Authorization: `Bearer ${staff}` })).toBe("acknowledged");
  });

  test.each([
    ["{ menu { id } }", "BAD_REQUEST"],
    ["mutation { signOut }", "BAD_REQUEST"],
    ["subscription { nothing }", undefined],
    ["subscription {", undefined],
    [`subscription { kitchenTickets { ${"priority ".repeat(1_100)} } }`, undefined],
    [
      `subscription { ${Array.from({ length: 25 }, (_, i) => `a${i}: kitchenTickets { priority }`).join(" ")} }`,
      undefined,
    ],
  ])("refuses %.40s", async (query, code) => {
    const { first } = await subscribe(pizzeria, staff, query);
    const errors = await first.then(
      () => [],
      (thrown: { extensions?: { code?: string } }[]) => thrown,
    );
    expect(errors.length).toBeGreaterThan(0);
    if (code) expect(errors[0]?.extensions?.code).toBe(code);
  });
});

describe("sockets", () => {
  let backends: TestBackends;
  let pizzeria: Pizzeria;
  afterEach(async () => {
    await pizzeria[Symbol.asyncDispose]();
    await backends[Symbol.asyncDispose]();
  });

  async function open(options = {}) {
    backends = await startBackends(embedded);
    pizzeria = await openPizzeria(backends, options);
    return urlOf(pizzeria);
  }
  const socketTo = (url: string) => new WebSocket(url, "graphql-transport-ws");
  /** A client that opens a socket at the path, reads, and neither says nor answers anything, nor hangs up. */
  async function silent(url: string, path = "/graphql"): Promise<Socket> {
    const { hostname, port } = new URL(url);
    const client = connectTcp({ host: hostname, port: Number(port), allowHalfOpen: true });
    client.on("error", () => {});
    client.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n",
    );
    await once(client, "data");
    return client.resume();
  }
  const secondsOf = async (what: Promise<unknown>) => {
    const begun = performance.now();
    await what;
    return (performance.now() - begun) / 1_000;
  };
  const statusOf = async (socket: WebSocket) => {
    socket.on("error", () => {});
    const [, response] = await once(socket, "unexpected-response");
    return (response as { statusCode: number }).statusCode;
  };

  test("are closed when they say nothing, are too many, or elsewhere, and when the server closes", async () => {
    const url = await open();
    expect(await statusOf(socketTo(url.replace("/graphql", "/elsewhere")))).toBe(404);
    const sockets = Array.from({ length: limits.sockets }, () => socketTo(url));
    await Promise.all(sockets.map((socket) => once(socket, "open")));
    expect(await statusOf(socketTo(url))).toBe(503);
    const codes = await Promise.all(
      sockets.map(async (socket) => (await once(socket, "close"))[0] as number),
    );
    expect(new Set(codes)).toEqual(new Set([4408]));

    const last = socketTo(url);
    await once(last, "open");
    const closed = once(last, "close");
    await pizzeria.app.close();
    expect((await closed)[0]).toBe(1001);
  });

  test("carry so many subscriptions, and refuse one more in words", async () => {
    await open();
    const client = await connect(pizzeria, {
      authorization: `Bearer ${await pizzeria.signInStaff()}`,
    });
    const { kitchenEvents } = pizzeria.app.services;
    // One operation keeps the socket open; each of the others is another of the same client.
    const carried = Array.from({ length: limits.subscriptionsPerSocket }, () =>
      client.iterate({ query: TICKETS }).next(),
    );
    for (const one of carried) one.catch(() => {});
    await expect.poll(() => kitchenEvents.subscribers).toBe(limits.subscriptionsPerSocket);
    await expect(client.iterate({ query: TICKETS }).next()).rejects.toMatchObject([
      { message: "A socket carries at most 5 subscriptions." },
    ]);
    expect(kitchenEvents.subscribers).toBe(limits.subscriptionsPerSocket);
  });

  test("are so many from one address, besides those of this machine, until one of them is closed", async () => {
    const url = await open();
    let address = "203.0.113.7";
    pizzeria.app.fastify.server.prependListener("connection", (socket: Socket) => {
      Object.defineProperty(socket, "remoteAddress", { value: address });
    });
    const opened = async () => {
      const socket = socketTo(url);
      await once(socket, "open");
      return socket;
    };
    const [first] = await Promise.all(Array.from({ length: limits.socketsPerAddress }, opened));
    expect(await statusOf(socketTo(url))).toBe(429);
    address = "203.0.113.8";
    await opened();
    address = "127.0.0.1";
    await Promise.all(Array.from({ length: limits.socketsPerAddress + 1 }, opened));
    address = "203.0.113.7";
    first?.close();
    await expect.poll(() => opened().then(() => "open", String)).toBe("open");
    expect(await statusOf(socketTo(url))).toBe(429);
  });

  test("are closed at the end of their life, and when they send too much", async () => {
    const url = await open({ socketLifetimeMs: 1 });
    const socket = socketTo(url);
    expect((await once(socket, "close"))[0]).toBe(1001);
    await pizzeria[Symbol.asyncDispose]();
    pizzeria = await openPizzeria(backends);
    const loud = socketTo(await urlOf(pizzeria));
    await once(loud, "open");
    loud.send("x".repeat(limits.bodyBytes + 1));
    expect((await once(loud, "close"))[0]).toBe(1009);
  });

  test("that nobody closes at the other end do not hold up the server's close", async () => {
    const url = await open({ drainMs: 500 });
    const clients = [await silent(url), await silent(url, "/elsewhere")];
    expect(await secondsOf(pizzeria.app.close())).toBeLessThan(10);
    for (const client of clients) client.destroy();
  });

  test("that say nothing, and do not answer to being closed, leave their place all the same", async () => {
    const client = await silent(await open());
    const connections = () =>
      new Promise<number>((resolve) =>
        pizzeria.app.fastify.server.getConnections((_error, count) => resolve(count)),
      );
    expect(await connections()).toBe(1);
    await expect.poll(connections, { timeout: 15_000, interval: 100 }).toBe(0);
    client.destroy();
  });
});
