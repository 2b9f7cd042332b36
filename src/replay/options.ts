import { parseArgs } from "node:util";
import { InvalidInputError } from "../origin/errors.js";

export interface ReplayOptions {
  /** Laid out as `npm run import` takes it. */
  readonly folder: string;
  /** How many times as fast as it happened; Infinity: as fast as it goes. */
  readonly speed: number;
  /** How many servers to start on REDIS_URL and DATABASE_URL; they are stopped at the end. */
  readonly servers: number;
  /** Servers that run already, as http://127.0.0.1:4000/graphql, in place of starting any. */
  readonly urls: readonly string[];
  /** How many orders are placed at once. */
  readonly customers: number;
  /** Kitchen stations, which claim and complete what is ordered. */
  readonly stations: number;
  /** Only the first so many orders. */
  readonly orders: number;
  /** How many orders lie between two changes of the menu. */
  readonly changeEvery: number;
  /** Where the report goes as an HTML page. */
  readonly page: string;
}

export const USAGE = `usage: npm run replay -- <folder> [options]

  --speed N|max      how many times as fast as it happened (1000)
  --servers N        servers to start on REDIS_URL and DATABASE_URL (2)
  --url URL          a server that runs already, in place of starting any; once for each
  --customers N      orders placed at once (8)
  --stations N       kitchen stations (2)
  --orders N         only the first N orders
  --change-every N   orders between two changes of the menu (100)
  --page FILE        where the report goes as a page (replay.html)`;

const MAX_AT_ONCE = 64;

/** @throws InvalidInputError with the usage */
export function readOptions(args: readonly string[]): ReplayOptions {
  const { values, positionals } = parsed(args);
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new InvalidInputError(USAGE);
  const whole = (
    name: "servers" | "customers" | "stations" | "orders" | "change-every",
    least: number,
    most: number,
  ) => wholeNumber(name, values[name], least, most);
  return {
    folder,
    speed: values.speed === "max" ? Number.POSITIVE_INFINITY : positive("speed", values.speed),
    servers: whole("servers", 1, 16),
    urls: values.url.map(httpUrl),
    customers: whole("customers", 1, MAX_AT_ONCE),
    stations: whole("stations", 0, MAX_AT_ONCE),
    orders: values.orders === undefined ? Number.POSITIVE_INFINITY : whole("orders", 1, 1e9),
    changeEvery: whole("change-every", 1, 1e9),
    page: values.page,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        speed: { type: "string", default: "1000" },
        servers: { type: "string", default: "2" },
        url: { type: "string", multiple: true, default: [] },
        customers: { type: "string", default: "8" },
        stations: { type: "string", default: "2" },
        orders: { type: "string" },
        "change-every": { type: "string", default: "100" },
        page: { type: "string", default: "replay.html" },
      },
    });
  } catch (error) {
    throw new InvalidInputError(USAGE, error);
  }
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidInputError(
    `--${name} must be a number above 0, or max; ${text} came.\n\n${USAGE}`,
  );
}

function wholeNumber(name: string, text = "", least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new InvalidInputError(
    `--${name} must be a whole number from ${least} to ${most}; ${text} came.\n\n${USAGE}`,
  );
}

function httpUrl(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === "http:") return text;
  throw new InvalidInputError(`--url must be an http URL of /graphql; ${text} came.\n\n${USAGE}`);
}
