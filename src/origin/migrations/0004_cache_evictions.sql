-- As outboxTableSql of graphql-cached/outbox makes it.
CREATE TABLE IF NOT EXISTS "cache_evictions" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- A JSON array of strings.
  tags text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Until then one relay has hold of it, and the others leave it alone.
  claimed_until timestamptz
);
