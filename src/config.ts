import { isIP } from "node:net";
import { z } from "zod";
import { InvalidRedisUrlError, parseRedisUrl } from "./redis-url.js";

export type Environment = "development" | "production" | "test";

/** The pizzeria's settings, checked. */
export interface Config {
  readonly environment: Environment;
  /** 0 asks the system for a free port. */
  readonly port: number;
  readonly host: string;
  /** Absent: sessions and cache live in this process. */
  readonly redisUrl?: string | undefined;
  /** What every key in Redis begins with. */
  readonly redisPrefix: string;
  /** Absent: PGlite in `dataFolder`. "memory:": PGlite that keeps nothing. */
  readonly databaseUrl?: string | undefined;
  readonly dataFolder: string;
  /** This process's copy of hot entries; false: none. */
  readonly near: { readonly maxEntries: number; readonly maxAgeSeconds: number } | false;
  /** Allows `extensions.cache` to whoever asks for it. */
  readonly cacheDebug: boolean;
  readonly staffEmail?: string | undefined;
  readonly staffPassword?: string | undefined;
  readonly corsOrigins: readonly string[];
  /** Which proxies are believed about a client's address: none, all, how many hops, or these addresses. */
  readonly trustProxy: boolean | number | readonly string[];
  readonly metricsToken?: string | undefined;
}

/** A setting that cannot be used. The message is one line and holds no secret. */
export class ConfigError extends Error {
  readonly code = "E_CONFIG";
  override readonly name = "ConfigError";
}

/**
 * Reads the settings from environment variables; an empty one counts as absent.
 * @throws ConfigError naming each wrong variable, what it must be and what came instead
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => describe(issue, given)).join("; "));
  }
  const { NODE_ENV: environment, ...set } = parsed.data;
  return {
    environment,
    port: set.PORT,
    host: set.HOST,
    redisUrl: set.REDIS_URL,
    redisPrefix: set.REDIS_PREFIX,
    databaseUrl: set.DATABASE_URL,
    dataFolder: ".data",
    near: set.CACHE_NEAR_ENTRIES > 0 && {
      maxEntries: set.CACHE_NEAR_ENTRIES,
      maxAgeSeconds: set.CACHE_NEAR_MAX_AGE_SECONDS,
    },
    cacheDebug: set.CACHE_DEBUG ?? environment !== "production",
    staffEmail: set.STAFF_EMAIL,
    staffPassword: set.STAFF_PASSWORD,
    corsOrigins: set.CORS_ORIGINS,
    trustProxy: set.TRUST_PROXY,
    metricsToken: set.METRICS_TOKEN,
  };
}

/** Variables whose value no message may show: secrets, and a URL that may hold one. */
const SECRET = new Set(["DATABASE_URL", "STAFF_PASSWORD", "METRICS_TOKEN"]);

const PORT = "must be a whole number from 0 to 65535";
const CORS_ORIGINS =
  "must be a comma-separated list of origins, as https://example.org, without a path";
const NEAR_ENTRIES = "must be a whole number from 0 to 1000000";
const NEAR_MAX_AGE = "must be a number of seconds from 0.1 to 3600";
const TRUST_PROXY =
  "must be true, false, a number of hops, or a comma-separated list of addresses and networks";

const variables = z
  .object({
    NODE_ENV: z
      .enum(["development", "production", "test"], "must be development, production or test")
      .default("development"),
    PORT: z
      .string()
      .regex(/^\d{1,5}$/, PORT)
      .transform(Number)
      .pipe(z.number().max(65_535, PORT))
      .default(4000),
    HOST: z
      .string()
      .regex(/^[\w.:-]+$/, "must be a host name or an address to listen on")
      .default("127.0.0.1"),
    REDIS_URL: z.string().superRefine(checkRedisUrl).optional(),
    REDIS_PREFIX: z
      .string()
      .regex(/^[\w.:-]{1,64}$/, "must be 1 to 64 letters, digits or any of _ . : -")
      .default("pizzeria:"),
    DATABASE_URL: z
      .string()
      .regex(/^(postgres(ql)?:\/\/\S+|memory:)$/, "must be postgres://… or memory:")
      .optional(),
    CACHE_DEBUG: z
      .stringbool({
        truthy: ["true", "on", "1"],
        falsy: ["false", "off", "0"],
        error: "must be on or off",
      })
      .optional(),
    CACHE_NEAR_ENTRIES: z
      .string()
      .regex(/^\d{1,7}$/, NEAR_ENTRIES)
      .transform(Number)
      .refine((entries) => entries <= 1_000_000, NEAR_ENTRIES)
      .default(0),
    CACHE_NEAR_MAX_AGE_SECONDS: z
      .string()
      .regex(/^\d{1,4}(\.\d{1,3})?$/, NEAR_MAX_AGE)
      .transform(Number)
      .refine((seconds) => seconds >= 0.1 && seconds <= 3600, NEAR_MAX_AGE)
      .default(5),
    STAFF_EMAIL: z.email("must be an e-mail address").optional(),
    STAFF_PASSWORD: z
      .string()
      .min(8, "must be 8 to 200 characters long")
      .max(200, "must be 8 to 200 characters long")
      .optional(),
    CORS_ORIGINS: list(isOrigin, CORS_ORIGINS).default([]),
    TRUST_PROXY: z
      .union([
        z.stringbool({ truthy: ["true", "on"], falsy: ["false", "off"] }),
        z
          .string()
          .regex(/^\d{1,2}$/)
          .transform(Number),
        list(isNetwork, TRUST_PROXY),
      ])
      .default(false),
    METRICS_TOKEN: z.string().optional(),
  })
  .refine((set) => set.NODE_ENV !== "production" || set.METRICS_TOKEN !== undefined, {
    path: ["METRICS_TOKEN"],
    message: "must be set when NODE_ENV is production: it is the bearer token for /metrics",
  });

function checkRedisUrl(url: string, context: z.RefinementCtx): void {
  try {
    parseRedisUrl(url);
  } catch (error) {
    if (!(error instanceof InvalidRedisUrlError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
}

function list(isElement: (element: string) => boolean, must: string) {
  return z
    .string()
    .transform((text) => text.split(",").map((element) => element.trim()))
    .refine((elements) => elements.every(isElement), must);
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\//.test(text) && new URL(text).origin === text;
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  // Fastify takes no network of everybody: that is `true`.
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128);
}

function describe(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(issue.path[0]);
  if (issue.message.startsWith(name)) return issue.message;
  const value = given[name];
  const must = name === "TRUST_PROXY" ? TRUST_PROXY : issue.message;
  if (value === undefined) return `${name} ${must}`;
  const came = SECRET.has(name)
    ? "another value came (not shown)"
    : `${JSON.stringify(value)} came`;
  return `${name} ${must}, but ${came}`;
}
