-- Which checkout of a session an order came of: one idempotency key may be in two sessions at once.
ALTER TABLE orders ADD COLUMN checkout_id uuid;
