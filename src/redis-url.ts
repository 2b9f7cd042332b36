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

/** `REDIS_URL` cannot be used as given. One line, which repeats nothing of it: what is malformed may be a password. */
export class InvalidRedisUrlError extends Error {
  readonly code = "E_INVALID_REDIS_URL";
  override readonly name = "InvalidRedisUrlError";

  constructor(problem: string) {
    super(
      `REDIS_URL must be redis://[user:password@]host[:port][/db], rediss://…, a comma-separated list of these for a cluster, or redis+sentinel://host[:port],…/name, but ${problem}`,
    );
  }
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
  if (scheme === undefined) throw new InvalidRedisUrlError("another scheme came");

  const urls = parts.map((part) => toUrl(part.includes("://") ? part : scheme + part));
  if (urls.some((one) => `${one.protocol}//` !== scheme)) {
    throw new InvalidRedisUrlError("more than one scheme came");
  }
  if (urls.some((one) => one.search !== "")) {
    throw new InvalidRedisUrlError("a query came");
  }
  const db = parseDb(urls[0]?.pathname.replace(/^\/$/, "").slice(1) ?? "");
  const kind = urls.length === 1 ? "single" : "cluster";
  if (kind === "cluster" && urls.some((one) => !/^\/?0?$/.test(one.pathname))) {
    throw new InvalidRedisUrlError("a database number came, of which a cluster has only 0");
  }
  const withCredentials = urls.find((one) => one.username !== "" || one.password !== "");
  return {
    kind,
    nodes: urls.map((one) => toNode(one, 6379)),
    tls: scheme === "rediss://",
    db,
    ...credentialsOf(withCredentials),
  };
}

function parseSentinel(url: string): RedisTarget {
  const match = /^redis\+sentinel:\/\/(?<nodes>[^/?#]+)\/(?<name>[^/?#]+)(\?db=(?<db>\d+))?$/.exec(
    url,
  );
  const { nodes = "", name = "", db = "" } = match?.groups ?? {};
  if (match === null) throw new InvalidRedisUrlError("no host or no master's name came");

  const urls = nodes.split(",").map((part) => toUrl(`redis://${part.trim()}`));
  return {
    kind: "sentinel",
    nodes: urls.map((one) => toNode(one, 26379)),
    tls: false,
    db: parseDb(db),
    masterName: decode(name),
    ...credentialsOf(urls[0]),
  };
}

function toUrl(text: string): URL {
  if (!URL.canParse(text)) throw new InvalidRedisUrlError("no host and port came");
  const url = new URL(text);
  if (url.hostname === "") throw new InvalidRedisUrlError("no host came");
  if (url.port === "0") throw new InvalidRedisUrlError("port 0 came");
  if (url.hash !== "") throw new InvalidRedisUrlError("a # came");
  return url;
}

function toNode(url: URL, defaultPort: number): RedisNode {
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
  };
}

function parseDb(text: string): number {
  if (!/^\d{0,3}$/.test(text)) throw new InvalidRedisUrlError("no database number came");
  return Number(text);
}

function credentialsOf(url: URL | undefined) {
  return {
    ...(url && url.username !== "" && { username: decode(url.username) }),
    ...(url && url.password !== "" && { password: decode(url.password) }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidRedisUrlError("a malformed percent escape came");
  }
}
