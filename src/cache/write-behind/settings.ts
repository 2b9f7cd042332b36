import { checkOptionNames, integer, milliseconds, windowMs, wrong } from "../check-values.js";
import type { WriteBehindOptions } from "./types.js";

export interface WriteBehindSettings {
  readonly batchSize: number;
  readonly delayMs: number;
  readonly maxAttempts: number;
  readonly retryMs: number;
  readonly maxRetryMs: number;
  readonly maxPending: number;
}

const KNOWN: Readonly<Record<keyof WriteBehindOptions<unknown>, true>> = {
  write: true,
  batchSize: true,
  delaySeconds: true,
  maxAttempts: true,
  retrySeconds: true,
  maxRetrySeconds: true,
  maxPending: true,
};

/** @throws InvalidOptionError */
export function resolveWriteBehindOptions<T>(options: WriteBehindOptions<T>): WriteBehindSettings {
  checkOptionNames("writeBehind", options, KNOWN);
  if (typeof options.write !== "function") throw wrong("write", "a function", options.write);
  const retryMs = milliseconds("retrySeconds", options.retrySeconds ?? 0.1);
  const maxRetryMs = milliseconds("maxRetrySeconds", options.maxRetrySeconds ?? 30);
  if (maxRetryMs < retryMs) {
    throw wrong("maxRetrySeconds", "at least retrySeconds", options.maxRetrySeconds);
  }
  return {
    batchSize: integer("batchSize", options.batchSize ?? 100, 1, 1000),
    delayMs: windowMs("delaySeconds", options.delaySeconds, 50),
    maxAttempts: integer("maxAttempts", options.maxAttempts ?? 15, 1),
    retryMs,
    maxRetryMs,
    maxPending: integer("maxPending", options.maxPending ?? 10_000, 1),
  };
}

/** Doubled with each attempt; up to half of it is taken off at random, so that what failed together comes apart. */
export function backoffMs(settings: WriteBehindSettings, attempt: number): number {
  const { retryMs, maxRetryMs } = settings;
  const fullMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(attempt - 1, 40));
  return fullMs * (1 - Math.random() / 2);
}
