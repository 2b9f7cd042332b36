import { asyncCacheDedupe } from "./async-cache-dedupe.js";
import { bentocache } from "./bentocache.js";
import { cacheManager } from "./cache-manager.js";
import { cacheable } from "./cacheable.js";
import { cachified } from "./cachified.js";
import { type Contender, type ContenderKind, isInstalled } from "./contender.js";
import { graphqlCached } from "./graphql-cached.js";
import { rawGet } from "./raw-get.js";

const peers = [bentocache, asyncCacheDedupe, cacheable, cacheManager, cachified];

export interface Contenders {
  readonly installed: readonly ContenderKind[];
  /** A line for the reader; undefined when nothing is missing. */
  readonly missing: string | undefined;
}

/** The cache itself first, then those of its peers that are installed. */
export async function findContenders(): Promise<Contenders> {
  const isThere = await Promise.all(peers.map(isInstalled));
  const absent = peers.filter((_, index) => !isThere[index]);
  return {
    installed: [graphqlCached, ...peers.filter((_, index) => isThere[index])],
    missing:
      absent.length === 0
        ? undefined
        : `Without ${absent.map(({ name }) => name).join(", ")}: npm --prefix bench install`,
  };
}

/** In a worker, which gets the contender's name on its command line. */
export function openContender(name: string | undefined, url: string): Promise<Contender> {
  const kind = [graphqlCached, ...peers, rawGet].find((candidate) => candidate.name === name);
  if (!kind) throw new Error(`A contender must be known, but this one is not: ${name}`);
  return kind.open(url, false);
}
