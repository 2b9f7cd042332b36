import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startRedis } from "../test/support/redis-server.js";
import { importAs } from "./contenders/contender.js";
import type { Answering, GraphqlOrder, GraphqlReport, Serving } from "./graphql-worker.js";
import { type HttpConnection, loadFor, openConnection, postRequest } from "./support/http-load.js";
import { buildLibrary } from "./support/library.js";
import { printMachine } from "./support/machine.js";
import { machineNowMs, median, ms, whole } from "./support/numbers.js";
import { ITEM_ID, MENUS, menuQuery, setPriceQuery } from "./support/pizzeria-menu.js";
import { type Processes, startProcesses } from "./support/processes.js";
import { printTable, verdict } from "./support/table.js";

/**
 * What `@cached` costs a warm GraphQL server, beside mercurius-cache on the same one and beside resolvers that give
 * constants; and whether a second process ever answers what a mutation in the first has changed.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 24);
const ROUND_MS = Number(process.env.ROUND_MS ?? 250);
const CONNECTIONS = 16;
const READS = Number(process.env.READS ?? 4_000);
const MUTATION_SHARE = 0.01;
const WARM_REQUESTS = Number(process.env.WARM_REQUESTS ?? 3_000);
const MENU_OF_ITEM = 3;
const WANTED = { ofPeer: 1.2, overConstants: 1.1 };

const PEERS: [Answering, Serving][] = [
  ["peer memory", "mercurius"],
  ["peer Redis", "mercurius"],
];

interface Running extends AsyncDisposable {
  readonly name: string;
  readonly answering: Answering;
  readonly serving: Serving;
  readonly port: number;
  readonly connections: readonly HttpConnection[];
  readonly requests: readonly Buffer[];
  cpuUs(): Promise<number>;
  readonly rates: number[];
  /** Microseconds of the server process for one request. */
  readonly costs: number[];
}

await buildLibrary();
await using server = await startRedis();
const redis = new Redis(server.url);
await printMachine(redis);
const hasPeer = await importAs("mercurius-cache").then(
  () => true,
  () => false,
);
if (!hasPeer) console.log("mercurius-cache is not installed: npm --prefix bench install");

const parts = (process.env.PARTS ?? "constants,peer,stale").split(",");
if (parts.includes("constants")) {
  // The pizzeria's menu: what is near there is near for every request.
  await compareRates(1, [
    ["constants", "mercurius"],
    ["ours near", "mercurius"],
    ["constants", "apollo"],
    ["ours near", "apollo"],
  ]);
}
if (parts.includes("peer")) {
  await compareRates(MENUS, [
    ["constants", "mercurius"],
    ["ours near", "mercurius"],
    ["ours Redis", "mercurius"],
    ...(hasPeer ? PEERS : []),
  ]);
}
if (parts.includes("stale")) await compareStaleness();
redis.disconnect();

async function compareRates(menus: number, wanted: [Answering, Serving][]): Promise<void> {
  const all: Running[] = [];
  for (const [answering, serving] of wanted) {
    const one = await start(answering, serving, menus);
    await warmUp(one, WARM_REQUESTS);
    all.push(one);
  }
  for (let round = 0; round <= ROUNDS; round += 1) {
    // Each round begins with another, so that none always follows the same.
    const turn = round % all.length;
    for (const one of [...all.slice(turn), ...all.slice(0, turn)]) await measure(one, round > 0);
  }
  printRates(all, menus);
  for (const one of all) await one[Symbol.asyncDispose]();
}

async function measure(one: Running, counts: boolean): Promise<void> {
  const before = await one.cpuUs();
  const rate = await loadFor(one.connections, one.requests, ROUND_MS);
  const spent = (await one.cpuUs()) - before;
  if (!counts) return;
  one.rates.push(rate);
  one.costs.push(spent / ((rate * ROUND_MS) / 1000));
}

function printRates(all: readonly Running[], menus: number): void {
  const of = (answering: Answering, serving: Serving) =>
    all.find((one) => one.answering === answering && one.serving === serving);
  const rows = all.map((one) => {
    const constants = of("constants", one.serving);
    const peer = { "ours near": "peer memory", "ours Redis": "peer Redis" }[
      one.answering as string
    ];
    const beside = peer ? of(peer as Answering, one.serving) : undefined;
    const ofPeer = beside && ratio(one.rates, beside.rates);
    const overConstants =
      constants && one !== constants ? ratio(one.costs, constants.costs) : undefined;
    const isNear = one.answering === "ours near" && menus === 1;
    return [
      one.name,
      whole(median(one.rates)),
      `${whole(median(one.costs))} us`,
      overConstants ? `${overConstants.toFixed(2)} x` : "",
      isNear
        ? `<= ${WANTED.overConstants} ${verdict((overConstants ?? 9) <= WANTED.overConstants)}`
        : "",
      ofPeer ? `${ofPeer.toFixed(2)} x` : "",
      ofPeer ? `>= ${WANTED.ofPeer} ${verdict(ofPeer >= WANTED.ofPeer)}` : "",
      beside ? `${(1 / ratio(one.costs, beside.costs)).toFixed(2)} x` : "",
    ];
  });
  printTable(
    `Warm menus of 32 items with 65 cached fields: ${menus === 1 ? "one menu" : `${menus} menus`}, ${CONNECTIONS} connections, median of ${ROUNDS} interleaved rounds`,
    [
      "",
      "requests/s",
      "CPU a request",
      "of constants",
      "wanted",
      "rate of the peer's",
      "wanted",
      "a CPU second",
    ],
    rows,
  );
}

/** Of each round, so that what disturbs a round disturbs both. */
function ratio(own: readonly number[], other: readonly number[]): number {
  return median(own.map((value, round) => value / (other[round] as number)));
}

/** Until its code is compiled, a server is several times as slow. */
async function warmUp({ connections, requests }: Running, count: number): Promise<void> {
  for (let pass = 0; pass < 3; pass += 1) {
    for (const request of requests) await connections[0]?.send(request);
    // The pushes of its own commits, which take from the near cache what it has just read, have come.
    await sleep(200);
  }
  let left = count;
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0)
        await connection.send(requests[Math.abs(left) % requests.length] as Buffer);
    }),
  );
}

async function start(answering: Answering, serving: Serving, menus = MENUS): Promise<Running> {
  const program = new URL("./graphql-worker.ts", import.meta.url);
  const args = [answering, serving, server.url];
  const process: Processes<never, GraphqlReport> = await startProcesses(1, program, args);
  const ask = async (order: GraphqlOrder) =>
    (await process.run(() => order as never))[0] as GraphqlReport;
  const { port } = await ask("port");
  const requests = Array.from({ length: menus }, (_, menu) => postRequest(port, menuQuery(menu)));
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => openConnection(port)),
  );
  const what = { ours: "graphql-cached", peer: "mercurius-cache" };
  const name = answering.replace(/^(ours|peer)/, (word) => what[word as keyof typeof what]);
  return {
    name: `${name} (${serving === "apollo" ? "Apollo Server" : "Mercurius"})`,
    answering,
    serving,
    port,
    connections,
    requests,
    cpuUs: async () => (await ask("cpu")).cpuUs,
    rates: [],
    costs: [],
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.close();
      await process[Symbol.asyncDispose]();
    },
  };
}

async function compareStaleness(): Promise<void> {
  const kinds: Answering[] = [
    "ours Redis",
    "ours near",
    ...(hasPeer ? (["peer Redis", "peer memory"] as const) : []),
  ];
  const rows: string[][] = [];
  for (const answering of kinds) {
    await redis.flushall();
    await using here = await start(answering, "mercurius");
    await using there = await start(answering, "mercurius");
    await warmUp(there, 0);
    const { stale, reads, latestMs } = await readUnderMutations(here, there);
    rows.push([
      here.name,
      whole(reads),
      whole(stale),
      stale > 0 ? ms(latestMs) : "",
      answering === "ours Redis" ? `0 ${verdict(stale === 0)}` : "",
    ]);
  }
  printTable(
    `Reads in a second process that showed a price from before a mutation's answer: 1 % mutations`,
    ["", "reads", "stale", "begun so long after it", "wanted"],
    rows,
  );
}

async function readUnderMutations(here: Running, there: Running) {
  let price = 2_000;
  let answered = price;
  let answeredAt = machineNowMs();
  let reads = 0;
  let stale = 0;
  let latestMs = 0;
  const mutate = async () => {
    price += 1;
    const request = postRequest(here.port, setPriceQuery(price));
    await (here.connections[0] as HttpConnection).send(request);
    answered = price;
    answeredAt = machineNowMs();
  };
  await mutate();
  await Promise.all(
    there.connections.map(async (connection, index) => {
      while (reads < READS) {
        reads += 1;
        // One of them mutates, as often as all of them together read a hundred times.
        if (index === 0 && Math.random() < MUTATION_SHARE * there.connections.length)
          await mutate();
        const [floor, floorAt, begunAt] = [answered, answeredAt, machineNowMs()];
        const shown = priceIn(await connection.send(there.requests[MENU_OF_ITEM] as Buffer));
        if (shown >= floor) continue;
        stale += 1;
        latestMs = Math.max(latestMs, begunAt - floorAt);
      }
    }),
  );
  return { reads, stale, latestMs };
}

function priceIn(answer: string): number {
  const { data } = JSON.parse(answer) as {
    data: { menu: { id: string; sizes: { price: number }[] }[] };
  };
  return data.menu.find(({ id }) => id === ITEM_ID)?.sizes[0]?.price ?? Number.NaN;
}
