import type { Database, Queryable } from "./database.js";
import { CampaignExistsError, NotFoundError } from "./errors.js";
import type { CampaignRow } from "./rows.js";
import { isStorable } from "./text.js";

export interface Page {
  first: number;
  after?: string | null | undefined;
}

/** Members of something that lives for a while, as they were when they were read. */
export interface Membership {
  expiresAt: Date;
  customerIds: string[];
}

/**
 * Adds a customer to a segment, which lives `ttlSeconds` from here on. One whose life is over begins anew.
 *
 * @returns until when it lives, and whether it began now.
 * @throws NotFoundError for a customer that does not exist.
 */
export async function addToSegment(
  database: Database,
  { segment, customerId, ttlSeconds }: { segment: string; customerId: string; ttlSeconds: number },
): Promise<{ expiresAt: Date; isNew: boolean }> {
  if (!isStorable(customerId)) throw new NotFoundError("customer", customerId);
  return database.transaction(async (tx) => {
    const over = await tx.query(
      "DELETE FROM segments WHERE name = $1 AND expires_at <= now() RETURNING name",
      [segment],
    );
    await purge(tx, "segments", "name");
    const [row] = await tx.query<{ expiresAt: Date; inserted: boolean }>(
      `INSERT INTO segments (name, expires_at) VALUES ($1, now() + make_interval(secs => $2))
       ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at
       RETURNING expires_at AS "expiresAt", xmax = 0 AS inserted`,
      [segment, ttlSeconds],
    );
    const found = await tx.query(
      `INSERT INTO segment_members (segment, customer_id)
       SELECT $1, id FROM customers WHERE id = $2
       ON CONFLICT (segment, customer_id) DO UPDATE SET segment = excluded.segment
       RETURNING customer_id`,
      [segment, customerId],
    );
    if (found.length === 0) throw new NotFoundError("customer", customerId);
    return { expiresAt: row!.expiresAt, isNew: row!.inserted || over.length > 0 };
  });
}

/** Until when a segment lives; undefined when there is none, or none any more. */
export async function segmentExpiry(
  database: Queryable,
  segment: string,
): Promise<Date | undefined> {
  const rows = await database.query<{ expiresAt: Date }>(
    `SELECT expires_at AS "expiresAt" FROM segments WHERE name = $1 AND expires_at > now()`,
    [segment],
  );
  return rows[0]?.expiresAt;
}

/** Customers who are in every one of the segments, by the bytes of their ids. */
export function segmentMembers(
  database: Queryable,
  segments: readonly string[],
  { first, after }: Page,
): Promise<string[]> {
  return customerIds(
    database,
    `SELECT customer_id AS id FROM segment_members JOIN segments ON name = segment AND expires_at > now()
     WHERE segment = ANY($1) AND customer_id > $2
     GROUP BY customer_id HAVING count(*) = cardinality($1::text[]) ORDER BY customer_id LIMIT $3`,
    [segments, after ?? "", first],
  );
}

export async function segmentSize(database: Queryable, segment: string): Promise<number> {
  const [row] = await database.query<{ size: number }>(
    `SELECT count(*)::int AS size FROM segment_members JOIN segments ON name = segment AND expires_at > now()
     WHERE segment = $1`,
    [segment],
  );
  return row!.size;
}

/**
 * Aims a campaign at everybody who is in one of the segments now; it lives `ttlSeconds`.
 *
 * @throws NotFoundError for a segment that does not exist.
 * @throws CampaignExistsError while another of that id lives.
 */
export async function createCampaign(
  database: Database,
  campaign: { id: string; segments: readonly string[]; ttlSeconds: number },
): Promise<CampaignRow> {
  const { id, segments, ttlSeconds } = campaign;
  return database.transaction(async (tx) => {
    await tx.query("DELETE FROM campaigns WHERE id = $1 AND expires_at <= now()", [id]);
    await purge(tx, "campaigns", "id");
    const known = await tx.query<{ name: string }>(
      "SELECT name FROM segments WHERE name = ANY($1) AND expires_at > now() FOR SHARE",
      [segments],
    );
    const names = new Set(known.map(({ name }) => name));
    const missing = segments.find((name) => !names.has(name));
    if (missing !== undefined) throw new NotFoundError("segment", missing);

    const made = await tx.query(
      `INSERT INTO campaigns (id, segments, target_count, expires_at)
       VALUES ($1, $2, 0, now() + make_interval(secs => $3)) ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, segments, ttlSeconds],
    );
    if (made.length === 0) throw new CampaignExistsError(id);
    const [row] = await tx.query<CampaignRow>(
      `WITH target AS (
         INSERT INTO campaign_targets (campaign_id, customer_id)
         SELECT DISTINCT $1, customer_id FROM segment_members WHERE segment = ANY($2) RETURNING 1
       )
       UPDATE campaigns SET target_count = (SELECT count(*) FROM target) WHERE id = $1
       RETURNING ${campaignColumns}`,
      [id, segments],
    );
    return row!;
  });
}

/** Undefined when there is none, or none any more. */
export async function campaignById(
  database: Queryable,
  id: string,
): Promise<CampaignRow | undefined> {
  if (!isStorable(id)) return undefined;
  const rows = await database.query<CampaignRow>(
    `SELECT ${campaignColumns} FROM campaigns WHERE id = $1 AND expires_at > now()`,
    [id],
  );
  return rows[0];
}

/** Whom a campaign is aimed at, by the bytes of their ids. */
export function campaignTargets(
  database: Queryable,
  id: string,
  { first, after }: Page,
): Promise<string[]> {
  return customerIds(
    database,
    `SELECT customer_id AS id FROM campaign_targets JOIN campaigns ON id = campaign_id AND expires_at > now()
     WHERE campaign_id = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3`,
    [id, after ?? "", first],
  );
}

const campaignColumns =
  'id, segments, target_count AS "targetCount", campaigns.expires_at AS "expiresAt"';

async function customerIds(
  database: Queryable,
  sql: string,
  params: readonly unknown[],
): Promise<string[]> {
  const rows = await database.query<{ id: string }>(sql, params);
  return rows.map(({ id }) => id);
}

/** One of those whose life is over goes with each that is written, so they are no more than those that live. */
async function purge(tx: Queryable, table: "segments" | "campaigns", key: "name" | "id") {
  await tx.query(
    `DELETE FROM ${table} WHERE ${key} = (
       SELECT ${key} FROM ${table} WHERE expires_at <= now() ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED
     )`,
  );
}
