-- Customers and staff share one id space: a cache's private entries are told apart by this id alone.
CREATE TABLE customers (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  name text NOT NULL,
  email text NOT NULL,
  -- NULL: nobody can sign in to this account.
  password_hash text,
  role text NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'staff')),
  member_since timestamptz(3) NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX customers_email ON customers (lower(email));
