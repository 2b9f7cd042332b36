-- Each preference is written by itself, so each has a sequence of its own: a late write of one must neither undo a newer
-- one of it nor be held back by another's.
ALTER TABLE customer_preferences
  ADD COLUMN language_sequence bigint NOT NULL DEFAULT 0,
  ADD COLUMN vegetarian_sequence bigint NOT NULL DEFAULT 0,
  ADD COLUMN favourite_items_sequence bigint NOT NULL DEFAULT 0;

UPDATE customer_preferences
SET language_sequence = sequence, vegetarian_sequence = sequence, favourite_items_sequence = sequence;

ALTER TABLE customer_preferences DROP COLUMN sequence;
