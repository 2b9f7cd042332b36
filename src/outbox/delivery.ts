import { type OutboxError, UndeliveredError, UnreadableRowError } from "./errors.js";
import type { Row } from "./row.js";
import type { OutboxSettings } from "./settings.js";
import { within } from "./within.js";

/** Hands rows to the cache. */
export interface Delivery {
  /**
   * Evicts the rows' tags, all of them even if the first are undelivered: this process is bound by what it was handed.
   * True when everything was delivered. Never rejects.
   */
  hand(rows: readonly Row[]): Promise<boolean>;
}

/** Tags in one call, which the store gives one time budget. */
const TAGS_AT_ONCE = 500;

export function createDelivery(
  { cache, timeoutMs }: Pick<OutboxSettings, "cache" | "timeoutMs">,
  on: { unreadable(error: UnreadableRowError): void; failed(error: OutboxError): void },
): Delivery {
  async function evict(tags: readonly string[]): Promise<boolean> {
    try {
      return (await within(cache.evictTags(tags), timeoutMs, "An eviction")).delivered;
    } catch (cause) {
      on.failed(new UndeliveredError(`The cache must evict, but: ${reasonOf(cause)}`, { cause }));
      return false;
    }
  }

  /**
   * Nobody knows what such a row evicts, so it evicts everything. `clear` does not say whether that was delivered; but
   * the cache delivers in order, so an eviction after it does.
   */
  async function evictEverything(rows: readonly Row[]): Promise<boolean> {
    for (const { id } of rows) {
      on.unreadable(
        new UnreadableRowError(
          `The outbox's row ${id} must hold a JSON array of tags, but holds something else: everything is evicted.`,
        ),
      );
    }
    try {
      await cache.clear();
    } catch (cause) {
      on.failed(
        new UndeliveredError(`The cache must be cleared, but: ${reasonOf(cause)}`, { cause }),
      );
      return false;
    }
    return evict(["outbox:unreadable"]);
  }

  return {
    async hand(rows) {
      const unreadable = rows.filter((row) => row.tags === undefined);
      let allDelivered = unreadable.length === 0 || (await evictEverything(unreadable));
      const tags = tagsOf(rows);
      for (let from = 0; from < tags.length; from += TAGS_AT_ONCE) {
        const delivered = await evict(tags.slice(from, from + TAGS_AT_ONCE));
        allDelivered = allDelivered && delivered;
      }
      return allDelivered;
    },
  };
}

/** In the order they were recorded in, without repetitions. */
export function tagsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ tags }) => tags ?? []))];
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
