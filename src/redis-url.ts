/** Where Redis is, as `REDIS_URL` says. */
export interface RedisTarget {
  /** single: one server. cluster: two or more seeds. sentinel: two or more watchers, or one, that know the master. */
  kind: "single" | "cluster" | "sentinel";
  nodes: readonly RedisNode[];
  tls: boolean;
  db: number;
  username?: string;
  password?: string;
  /** Of the master, as the sentinels call it. */
  masterName?: string;
}

export interface RedisNode {
  host: string;
  port: number;
}

/** `REDIS_URL` cannot be used as given. One line, which never repeats the user name or the password. */
export class InvalidRedisUrlError extends Error {
  readonly code = "E_INVALID_REDIS_URL";
  override readonly name = "InvalidRedisUrlError";

  constructor(url: string, problem: string) {
    super(
      `REDIS_URL must be redis://[user:password@]host[:port][/db], rediss://…, a comma-separated list of these for a cluster, or redis+sentinel://host[:port],…/name; ${problem} in ${JSON.stringify(maskCredentials(url))}`,
    );
  }
}

/** The text with everything between `//` (or a comma) and `@` replaced by `***`: fit for logs. */
export function maskCredentials(text: string): string {
  // Greedy up to the last @: a password that holds one unescaped must not show its tail.
  return text.replace(/\/\/.*@/s, "//***@").replace(/^(?!.*\/\/).*@/s, "***@");
}

/**
 * Reads `redis://`, `rediss://`, a comma-separated list of either for a cluster, and
 * `redis+sentinel://host:port,…/name[?db=1]`, where user and password are Redis's own and not the sentinels'.
 * In a list the scheme and the credentials may stand before the first node alone.
 * @throws InvalidRedisUrlError
 */
export function parseRedisUrl(url: string): RedisTarget {
  const sentinel = url.startsWith("redis+sentinel://");
  return sentinel ? parseSentinel(url) : parseServers(url);
}

function parseServers(url: string): RedisTarget {
  const parts = url.split(",").map((part) => part.trim());
  const scheme = /^rediss?:\/\//.exec(parts[0] ?? "")?.[0];
  if (scheme === undefined) throw new InvalidRedisUrlError(url, "another scheme came");

  const urls = parts.map((part) => toUrl(part.includes("://") ? part : scheme + part, url));
  if (urls.some((one) => `${one.protocol}//` !== scheme)) {
    throw new InvalidRedisUrlError(url, "more than one scheme came");
  }
  if (urls.some((one) => one.search !== "")) {
    throw new InvalidRedisUrlError(url, "a query came");
  }
  const db = parseDb(urls[0]?.pathname.replace(/^\/$/, "").slice(1) ?? "", url);
  const kind = urls.length === 1 ? "single" : "cluster";
  if (kind === "cluster" && urls.some((one) => !/^\/?0?$/.test(one.pathname))) {
    throw new InvalidRedisUrlError(url, "a database number came, of which a cluster has only 0,");
  }
  const withCredentials = urls.find((one) => one.username !== "" || one.password !== "");
  return {
    kind,
    nodes: urls.map((one) => toNode(one, 6379)),
    tls: scheme === "rediss://",
    db,
    ...credentialsOf(withCredentials, url),
  };
}

function parseSentinel(url: string): RedisTarget {
  const match = /^redis\+sentinel:\/\/(?<nodes>[^/?#]+)\/(?<name>[^/?#]+)(\?db=(?<db>\d+))?$/.exec(
    url,
  );
  const { nodes = "", name = "", db = "" } = match?.groups ?? {};
  if (match === null) throw new InvalidRedisUrlError(url, "no host or no master's name came");

  const urls = nodes.split(",").map((part) => toUrl(`redis://${part.trim()}`, url));
  return {
    kind: "sentinel",
    nodes: urls.map((one) => toNode(one, 26379)),
    tls: false,
    db: parseDb(db, url),
    masterName: decode(name, url),
    ...credentialsOf(urls[0], url),
  };
}

function toUrl(text: string, whole: string): URL {
  if (!URL.canParse(text)) throw new InvalidRedisUrlError(whole, "no host and port came");
  const url = new URL(text);
  if (url.hostname === "") throw new InvalidRedisUrlError(whole, "no host came");
  if (url.port === "0") throw new InvalidRedisUrlError(whole, "port 0 came");
  if (url.hash !== "") throw new InvalidRedisUrlError(whole, "a # came");
  return url;
}

function toNode(url: URL, defaultPort: number): RedisNode {
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
  };
}

function parseDb(text: string, whole: string): number {
  if (!/^\d{0,3}$/.test(text)) throw new InvalidRedisUrlError(whole, "no database number came");
  return Number(text);
}

function credentialsOf(url: URL | undefined, whole: string) {
  return {
    ...(url && url.username !== "" && { username: decode(url.username, whole) }),
    ...(url && url.password !== "" && { password: decode(url.password, whole) }),
  };
}

function decode(text: string, whole: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidRedisUrlError(whole, "a malformed percent escape came");
  }
}
