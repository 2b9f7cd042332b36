import { InvalidOptionError } from "../cache/errors.js";

const PART = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/**
 * A table's name as it may stand in a statement: names cannot be parameters. Case is kept.
 *
 * @throws InvalidOptionError unless it is `name` or `schema.name` of letters, digits and underscores.
 */
export function quotedTable(table: unknown): string {
  const parts = typeof table === "string" ? table.split(".") : [];
  if (parts.length < 1 || parts.length > 2 || !parts.every((part) => PART.test(part))) {
    throw new InvalidOptionError(
      `table must be a name of letters, digits and underscores, as name or schema.name, but got: ${shown(table)}`,
    );
  }
  return parts.map(quotedName).join(".");
}

/** Any text as the name that PostgreSQL reads it as. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : typeof value;
}
