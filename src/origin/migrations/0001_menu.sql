-- Text ids: the importer keeps the source's, so that links and carts survive a second import.
CREATE TABLE menu_items (
  id text PRIMARY KEY,
  name text NOT NULL,
  category text NOT NULL CHECK (category IN ('CHICKEN', 'CLASSIC', 'SUPREME', 'VEGGIE')),
  -- In the order of the recipe; one pizza takes one unit of each.
  ingredients text[] NOT NULL CHECK (cardinality(ingredients) > 0),
  available boolean NOT NULL DEFAULT true,
  -- Off the menu for good, kept because orders name it.
  retired boolean NOT NULL DEFAULT false
);

CREATE TABLE menu_item_sizes (
  id text PRIMARY KEY,
  item_id text NOT NULL REFERENCES menu_items ON DELETE CASCADE,
  size text NOT NULL CHECK (size IN ('S', 'M', 'L', 'XL', 'XXL')),
  price_cents bigint NOT NULL CHECK (price_cents > 0),
  retired boolean NOT NULL DEFAULT false
);

CREATE UNIQUE INDEX menu_item_sizes_on_menu ON menu_item_sizes (item_id, size) WHERE NOT retired;

CREATE TABLE ingredients (
  name text PRIMARY KEY,
  stock integer NOT NULL CHECK (stock >= 0)
);
