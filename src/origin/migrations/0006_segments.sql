-- Lives thirty days past its last addition.
CREATE TABLE segments (
  name text PRIMARY KEY,
  expires_at timestamptz(3) NOT NULL
);

CREATE TABLE segment_members (
  segment text NOT NULL REFERENCES segments ON DELETE CASCADE,
  -- In the order of bytes, as pages of a segment are read.
  customer_id text COLLATE "C" NOT NULL REFERENCES customers ON DELETE CASCADE,
  PRIMARY KEY (segment, customer_id)
);

CREATE TABLE campaigns (
  id text PRIMARY KEY,
  segments text[] NOT NULL CHECK (cardinality(segments) > 0),
  target_count integer NOT NULL,
  expires_at timestamptz(3) NOT NULL
);

-- Whom it is aimed at: who was in one of its segments when it was made.
CREATE TABLE campaign_targets (
  campaign_id text NOT NULL REFERENCES campaigns ON DELETE CASCADE,
  customer_id text COLLATE "C" NOT NULL REFERENCES customers ON DELETE CASCADE,
  PRIMARY KEY (campaign_id, customer_id)
);

CREATE INDEX segments_expiry ON segments (expires_at);
CREATE INDEX campaigns_expiry ON campaigns (expires_at);
