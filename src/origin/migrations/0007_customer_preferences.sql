-- What customers like, past their sessions. Written behind the cache, at least once and not always in order: `sequence`
-- tells the newer of two writes.
CREATE TABLE customer_preferences (
  customer_id text PRIMARY KEY REFERENCES customers ON DELETE CASCADE,
  language text,
  vegetarian boolean,
  favourite_items text[] NOT NULL,
  sequence bigint NOT NULL
);
