import type { HttpClient } from "./http-client.js";

/** How a server's cached fields were answered since its start, and what it asked its origin. */
export interface ServerNumbers {
  /** By coordinate. */
  readonly fields: ReadonlyMap<string, FieldLookups>;
  readonly statements: number;
}

export interface FieldLookups {
  readonly hits: number;
  readonly lookups: number;
}

const HITS = new Set(["hit", "nearHit", "staleHit"]);
const LOOKUP = /^cache_field_lookups_total\{field="([^"]+)",answer="(\w+)"\} (\d+)/gm;
const STATEMENTS = /^origin_statements_total (\d+)/m;

/** Reads a server's metrics. */
export async function readNumbers(http: HttpClient, metricsToken?: string): Promise<ServerNumbers> {
  const text = await http.get("/metrics", metricsToken);
  const fields = new Map<string, FieldLookups>();
  for (const [, field = "", answer = "", times] of text.matchAll(LOOKUP)) {
    const before = fields.get(field) ?? { hits: 0, lookups: 0 };
    const count = Number(times);
    fields.set(field, {
      hits: before.hits + (HITS.has(answer) ? count : 0),
      lookups: before.lookups + count,
    });
  }
  return { fields, statements: Number(STATEMENTS.exec(text)?.[1] ?? 0) };
}

/** All servers' together, since `before`. */
export function gained(
  now: readonly ServerNumbers[],
  before: readonly ServerNumbers[],
): ServerNumbers {
  const fields = new Map<string, FieldLookups>();
  const add = (numbers: readonly ServerNumbers[], sign: 1 | -1) => {
    for (const one of numbers) {
      for (const [field, { hits, lookups }] of one.fields) {
        const sum = fields.get(field) ?? { hits: 0, lookups: 0 };
        fields.set(field, { hits: sum.hits + sign * hits, lookups: sum.lookups + sign * lookups });
      }
    }
  };
  add(now, 1);
  add(before, -1);
  const total = (numbers: readonly ServerNumbers[]) =>
    numbers.reduce((sum, { statements }) => sum + statements, 0);
  return { fields, statements: total(now) - total(before) };
}

/** Hits of all lookups of these fields; 0 without any lookup. */
export function hitRatio(
  fields: ReadonlyMap<string, FieldLookups>,
  names: readonly string[],
): number {
  let hits = 0;
  let lookups = 0;
  for (const name of names) {
    hits += fields.get(name)?.hits ?? 0;
    lookups += fields.get(name)?.lookups ?? 0;
  }
  return lookups === 0 ? 0 : hits / lookups;
}
