/** Codes of what an operator can put right by reading one line. */
const EXPLAINED = new Set([
  "E_CONFIG",
  "E_INVALID_REDIS_URL",
  "E_REDIS_DATABASE_REFUSED",
  "E_INVALID_DATABASE_URL",
  "E_DATABASE_UNAVAILABLE",
  "E_DATA_FOLDER_LOCKED",
  "E_DATA_FOLDER_UNUSABLE",
  "E_UNSUPPORTED_STORE",
  "E_EMAIL_TAKEN",
  "E_BAD_INPUT",
  "E_IMPORT",
  "E_INVALID_INPUT",
  "E_STORE_UNAVAILABLE",
]);

/** Why the server did not start: one line where that says it all, else the error whole. */
export function explainStartError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  if (EXPLAINED.has(code)) return error.message;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `HOST must be a host name or an address of this machine, but: ${error.message}`;
  }
  if (code === "EADDRINUSE" || code === "EACCES" || code === "EADDRNOTAVAIL") {
    return `PORT and HOST must be free to listen on, but: ${error.message}`;
  }
  return error.stack ?? error.message;
}
