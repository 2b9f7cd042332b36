import type { Queryable } from "./database.js";
import { EmailTakenError, InvalidInputError, NotFoundError, SqlState, sqlState } from "./errors.js";
import type { CustomerRow, Role } from "./rows.js";
import { isStorable } from "./text.js";

/** Columns of a CustomerRow. The password's hash is not among them: only `credentialsByEmail` reads it. */
export const customerColumns = 'id, name, email, role, member_since AS "memberSince"';

export interface NewCustomer {
  name: string;
  /** Unique whatever the case of its letters; kept as given. */
  email: string;
  /** As the password service encodes it. null: nobody can sign in. */
  passwordHash: string | null;
  /** Default "customer". */
  role?: Role;
}

/**
 * @throws EmailTakenError
 * @throws InvalidInputError when name or email hold a NUL character, or half of a surrogate pair. Their form is the
 *   caller's to check.
 */
export async function createCustomer(
  database: Queryable,
  customer: NewCustomer,
): Promise<CustomerRow> {
  if (!isStorable(customer.name) || !isStorable(customer.email)) {
    throw new InvalidInputError("Name and email must be well-formed, without NUL characters.");
  }
  try {
    const rows = await database.query<CustomerRow>(
      `INSERT INTO customers (name, email, password_hash, role) VALUES ($1, $2, $3, $4)
       RETURNING ${customerColumns}`,
      [customer.name, customer.email, customer.passwordHash, customer.role ?? "customer"],
    );
    return rows[0]!;
  } catch (error) {
    if (sqlState(error) === SqlState.uniqueViolation) throw new EmailTakenError();
    throw error;
  }
}

export async function customerById(
  database: Queryable,
  id: string,
): Promise<CustomerRow | undefined> {
  if (!isStorable(id)) return undefined;
  const rows = await database.query<CustomerRow>(
    `SELECT ${customerColumns} FROM customers WHERE id = $1`,
    [id],
  );
  return rows[0];
}

/** An account and what its password is checked against. Not to be handed on. */
export interface Credentials {
  customer: CustomerRow;
  /** null: nobody can sign in. */
  passwordHash: string | null;
}

/** Finds an account by its address, in any case of letters. */
export async function credentialsByEmail(
  database: Queryable,
  email: string,
): Promise<Credentials | undefined> {
  if (!isStorable(email)) return undefined;
  const rows = await database.query<CustomerRow & { passwordHash: string | null }>(
    `SELECT ${customerColumns}, password_hash AS "passwordHash" FROM customers
     WHERE lower(email) = lower($1)`,
    [email],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { passwordHash, ...customer } = row;
  return { customer, passwordHash };
}

/**
 * Makes the staff account if it is missing; one that exists keeps its password. Safe when several processes start at once.
 *
 * @returns the account, and whether it was made now.
 * @throws EmailTakenError when the address is a customer's: no customer becomes staff by a setting.
 */
export async function ensureStaff(
  database: Queryable,
  staff: { name: string; email: string; passwordHash: string },
): Promise<{ customer: CustomerRow; created: boolean }> {
  const rows = await database.query<CustomerRow>(
    `INSERT INTO customers (name, email, password_hash, role) VALUES ($1, $2, $3, 'staff')
     ON CONFLICT (lower(email)) DO NOTHING RETURNING ${customerColumns}`,
    [staff.name, staff.email, staff.passwordHash],
  );
  if (rows[0] !== undefined) return { customer: rows[0], created: true };
  const existing = await credentialsByEmail(database, staff.email);
  if (existing?.customer.role !== "staff") throw new EmailTakenError();
  return { customer: existing.customer, created: false };
}

/** @throws NotFoundError when there is no such account. */
export async function setPassword(
  database: Queryable,
  customerId: string,
  passwordHash: string,
): Promise<void> {
  const rows = await database.query(
    "UPDATE customers SET password_hash = $2 WHERE id = $1 RETURNING id",
    [customerId, passwordHash],
  );
  if (rows.length === 0) throw new NotFoundError("customer", customerId);
}
