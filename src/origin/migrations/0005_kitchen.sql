-- What the kitchen knows of an order beside its status, which says whether it waits, is being prepared or is ready.
CREATE TABLE kitchen_tickets (
  order_id bigint PRIMARY KEY REFERENCES orders ON DELETE CASCADE,
  priority integer NOT NULL DEFAULT 0,
  queued_at timestamptz(3) NOT NULL DEFAULT now(),
  station text,
  started_at timestamptz(3),
  -- While it is prepared: when the station counts as gone.
  claimed_until timestamptz
);

CREATE INDEX kitchen_tickets_claimed ON kitchen_tickets (claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX orders_waiting ON orders (id) WHERE status = 'PENDING';

INSERT INTO kitchen_tickets (order_id, queued_at)
SELECT id, placed_at FROM orders WHERE status <> 'READY';

-- Orders of each hour, in UTC, written in the transaction of each order: counting them takes a scan.
CREATE TABLE hourly_order_counts (
  day date NOT NULL,
  hour integer NOT NULL CHECK (hour BETWEEN 0 AND 23),
  orders integer NOT NULL CHECK (orders >= 0),
  PRIMARY KEY (day, hour)
);

INSERT INTO hourly_order_counts (day, hour, orders)
SELECT (placed_at AT TIME ZONE 'UTC')::date, extract(hour FROM placed_at AT TIME ZONE 'UTC')::int, count(*)::int
FROM orders GROUP BY 1, 2;
