import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../src/config.js";

describe("readConfig", () => {
  test("needs no variable at all", () => {
    expect(readConfig({})).toEqual({
      environment: "development",
      port: 4000,
      host: "127.0.0.1",
      redisPrefix: "pizzeria:",
      dataFolder: ".data",
      near: false,
      cacheDebug: true,
      corsOrigins: [],
      trustProxy: false,
    });
  });

  test("reads every variable", () => {
    const config = readConfig({
      NODE_ENV: "production",
      PORT: "0",
      HOST: "::",
      REDIS_URL: "rediss://:secret@cache.example:6380",
      REDIS_PREFIX: "blue:",
      DATABASE_URL: "postgres://u:p@db.example/pizza",
      CACHE_NEAR_ENTRIES: "500",
      CACHE_NEAR_MAX_AGE_SECONDS: "2.5",
      CACHE_DEBUG: "on",
      STAFF_EMAIL: "chef@example.org",
      STAFF_PASSWORD: "long enough",
      CORS_ORIGINS: "https://a.example, http://localhost:3000",
      TRUST_PROXY: "10.0.0.0/8,::1",
      METRICS_TOKEN: "t",
    });
    expect(config).toEqual({
      environment: "production",
      port: 0,
      host: "::",
      redisUrl: "rediss://:secret@cache.example:6380",
      redisPrefix: "blue:",
      databaseUrl: "postgres://u:p@db.example/pizza",
      dataFolder: ".data",
      near: { maxEntries: 500, maxAgeSeconds: 2.5 },
      cacheDebug: true,
      staffEmail: "chef@example.org",
      staffPassword: "long enough",
      corsOrigins: ["https://a.example", "http://localhost:3000"],
      trustProxy: ["10.0.0.0/8", "::1"],
      metricsToken: "t",
    });
  });

  test("takes an empty variable for an absent one", () => {
    expect(readConfig({ PORT: "", REDIS_URL: "" })).toEqual(readConfig({}));
  });

  test("has no near cache but where entries are given, which serve five seconds by default", () => {
    expect(readConfig({ CACHE_NEAR_ENTRIES: "0" }).near).toBe(false);
    expect(readConfig({}).near).toBe(false);
    expect(readConfig({ CACHE_NEAR_ENTRIES: "100" }).near).toEqual({
      maxEntries: 100,
      maxAgeSeconds: 5,
    });
    const given = { CACHE_NEAR_ENTRIES: "1", CACHE_NEAR_MAX_AGE_SECONDS: "0.5" };
    expect(readConfig(given).near).toEqual({ maxEntries: 1, maxAgeSeconds: 0.5 });
  });

  test("turns cache debugging off in production unless it is asked for", () => {
    expect(readConfig({ NODE_ENV: "production", METRICS_TOKEN: "t" }).cacheDebug).toBe(false);
  });

  test.each([
    "redis://localhost",
    "redis://a:7000,redis://b:7001",
    "redis+sentinel://u:p@a:26379,b:26379/main?db=1",
  ])("accepts REDIS_URL=%s", (url) => {
    expect(readConfig({ REDIS_URL: url }).redisUrl).toBe(url);
  });

  test.each([
    ["true", true],
    ["off", false],
    ["2", 2],
    ["10.0.0.0/1", ["10.0.0.0/1"]],
    ["10.0.0.1/32, ::1/128", ["10.0.0.1/32", "::1/128"]],
  ])("accepts TRUST_PROXY=%s", (text, trustProxy) => {
    expect(readConfig({ TRUST_PROXY: text }).trustProxy).toEqual(trustProxy);
  });

  test.each([
    ["PORT", "http", 'PORT must be a whole number from 0 to 65535, but "http" came'],
    ["PORT", "65536", 'PORT must be a whole number from 0 to 65535, but "65536" came'],
    ["PORT", "-1", 'PORT must be a whole number from 0 to 65535, but "-1" came'],
    ["HOST", "a b", 'HOST must be a host name or an address to listen on, but "a b" came'],
    ["NODE_ENV", "prod", 'NODE_ENV must be development, production or test, but "prod" came'],
    ["CACHE_DEBUG", "maybe", 'CACHE_DEBUG must be on or off, but "maybe" came'],
    [
      "CACHE_NEAR_ENTRIES",
      "many",
      'CACHE_NEAR_ENTRIES must be a whole number from 0 to 1000000, but "many" came',
    ],
    [
      "CACHE_NEAR_MAX_AGE_SECONDS",
      "0",
      'CACHE_NEAR_MAX_AGE_SECONDS must be a number of seconds from 0.1 to 3600, but "0" came',
    ],
    ["STAFF_EMAIL", "chef", 'STAFF_EMAIL must be an e-mail address, but "chef" came'],
    [
      "REDIS_PREFIX",
      "a*",
      'REDIS_PREFIX must be 1 to 64 letters, digits or any of _ . : -, but "a*" came',
    ],
    [
      "CORS_ORIGINS",
      "example.org",
      'CORS_ORIGINS must be a comma-separated list of origins, as https://example.org, without a path, but "example.org" came',
    ],
    [
      "CORS_ORIGINS",
      "https://a.example,https://b.example/",
      'CORS_ORIGINS must be a comma-separated list of origins, as https://example.org, without a path, but "https://a.example,https://b.example/" came',
    ],
    [
      "TRUST_PROXY",
      "proxy.example",
      'TRUST_PROXY must be true, false, a number of hops, or a comma-separated list of addresses and networks, but "proxy.example" came',
    ],
    [
      "NODE_ENV",
      "production",
      "METRICS_TOKEN must be set when NODE_ENV is production: it is the bearer token for /metrics",
    ],
  ])("refuses %s=%s in one line", (name, value, message) => {
    expect(() => readConfig({ [name]: value })).toThrow(new ConfigError(message));
  });

  test.each([
    "10.0.0.0/99",
    "10.0.0.0/33",
    "10.0.0.0/0",
    "10.0.0.0/",
    "::1/129",
    "::/0",
    "10.0.0.0/8/8",
  ])("refuses TRUST_PROXY=%s, which is no network", (network) => {
    expect(() => readConfig({ TRUST_PROXY: `127.0.0.1, ${network}` })).toThrow(ConfigError);
  });

  test.each([
    ["DATABASE_URL", "mysql://u:hunter2@host/db"],
    ["STAFF_PASSWORD", "hunter2"],
  ])("never shows a wrong %s", (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      new RegExp(`^${name} must be [^\\n]+, but another value came \\(not shown\\)$`),
    );
    expect(() => readConfig({ [name]: value })).not.toThrow(/hunter2/);
  });

  test("says what is wrong with REDIS_URL, without its password", () => {
    const read = () => readConfig({ REDIS_URL: "http://:hunter2@host" });
    expect(read).toThrow(/^REDIS_URL must be redis:[^\n]+, but another scheme came$/);
    expect(read).not.toThrow(/hunter2/);
  });

  test("names every wrong variable in the same line", () => {
    expect(() => readConfig({ PORT: "x", CACHE_DEBUG: "y" })).toThrow(
      /^PORT must [^\n]*; CACHE_DEBUG must [^\n]*$/,
    );
  });
});
