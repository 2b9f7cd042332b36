CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id text NOT NULL REFERENCES customers,
  status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'PREPARING', 'READY')),
  -- Milliseconds, as JavaScript has them: a finer instant would not survive the way through a cursor.
  placed_at timestamptz(3) NOT NULL DEFAULT now(),
  ready_at timestamptz(3),
  total_cents bigint NOT NULL CHECK (total_cents >= 0),
  idempotency_key text,
  -- The order's id where it was imported from.
  source_id text UNIQUE,
  UNIQUE (customer_id, idempotency_key)
);

CREATE INDEX orders_of_customer ON orders (customer_id, placed_at DESC, id DESC);

CREATE TABLE order_lines (
  order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
  line_no integer NOT NULL,
  size_id text NOT NULL REFERENCES menu_item_sizes,
  quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
  -- The price when it was ordered; the menu's may have changed since.
  unit_price_cents bigint NOT NULL CHECK (unit_price_cents > 0),
  PRIMARY KEY (order_id, line_no)
);

CREATE INDEX order_lines_of_size ON order_lines (size_id);

-- Pizzas ordered of each item, written in the transaction of each order: summing the lines takes a scan.
CREATE TABLE item_order_counts (
  item_id text PRIMARY KEY REFERENCES menu_items ON DELETE CASCADE,
  times_ordered integer NOT NULL CHECK (times_ordered >= 0)
);

CREATE INDEX item_order_counts_top ON item_order_counts (times_ordered DESC, item_id);
