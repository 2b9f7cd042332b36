import { type DestinationStream, type Logger, pino } from "pino";
import type { Environment } from "../config.js";

/**
 * JSON lines, or readable ones in development on a terminal. Request bodies, and with them queries and
 * variables, are never logged; what could still carry a secret is redacted.
 */
export function createLogger(environment: Environment, destination?: DestinationStream): Logger {
  const options = {
    level: environment === "test" ? "warn" : "info",
    redact: {
      paths: [
        "req.headers.authorization",
        "req.headers.cookie",
        'res.headers["set-cookie"]',
        "*.password",
        "*.token",
        // Of an error of the database: what its statement was given, and the rows it is about.
        "*.params",
        "*.detail",
        "*.where",
        "password",
        "token",
      ],
      censor: "[redacted]",
    },
    serializers: { req: describeRequest },
  };
  if (destination !== undefined) return pino({ ...options, level: "info" }, destination);
  if (environment !== "development" || !process.stdout.isTTY) return pino(options);
  return pino({
    ...options,
    transport: { target: "pino-pretty", options: { ignore: "pid,hostname", singleLine: true } },
  });
}

/** Without the URL's query: that of a GET is a GraphQL document with its variables. */
function describeRequest({ method, url, ip }: { method: string; url: string; ip?: string }) {
  return { method, path: url.split("?", 1)[0], remoteAddress: ip };
}
