import { isDeepStrictEqual } from "node:util";
import type { ExecutionResult, GraphQLError } from "graphql";
import { isRecord } from "../directives/is-record.js";

export type Path = readonly (string | number)[];

/** Where two answers differ, and what each has there. */
export interface Place {
  readonly path: Path;
  readonly left: unknown;
  readonly right: unknown;
}

/** Stands for a field or element that one answer lacks. */
const ABSENT = Symbol("absent");

/**
 * The places in which two answers differ, in data and in errors. Where several errors fall into one null, GraphQL.js
 * tells of those that came first; so of the errors for one null, those of both answers must agree where their paths do.
 */
export function differences(left: ExecutionResult, right: ExecutionResult): Place[] {
  const places: Place[] = [];
  compare(left.data, right.data, []);
  compareErrors();
  return places;

  function compare(a: unknown, b: unknown, path: Path): void {
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
        compare(at(a, index), at(b, index), [...path, index]);
      }
    } else if (isRecord(a) && isRecord(b)) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compare(at(a, name), at(b, name), [...path, name]);
      }
    } else if (!isDeepStrictEqual(a, b)) {
      places.push({ path, left: shown(a), right: shown(b) });
    }
  }

  function compareErrors(): void {
    const [a, b] = [errorsByNull(left), errorsByNull(right)];
    for (const place of new Set([...a.keys(), ...b.keys()])) {
      const [ofLeft = new Map(), ofRight = new Map()] = [a.get(place), b.get(place)];
      const common = [...ofLeft.keys()].filter((path) => ofRight.has(path));
      const differing = common.filter(
        (path) => !isDeepStrictEqual(ofLeft.get(path), ofRight.get(path)),
      );
      if (ofLeft.size > 0 && ofRight.size > 0 && differing.length === 0) continue;
      const path = JSON.parse(differing[0] ?? [...ofLeft.keys(), ...ofRight.keys()][0]) as Path;
      places.push({
        path,
        left: ofLeft.get(differing[0]) ?? told(ofLeft),
        right: ofRight.get(differing[0]) ?? told(ofRight),
      });
    }
  }
}

interface ToldError {
  readonly message: string;
  readonly extensions: object;
}

/** The errors of an answer by the null they account for, and by their own path. */
function errorsByNull({ data, errors = [] }: ExecutionResult): Map<string, Map<string, ToldError>> {
  const byNull = new Map<string, Map<string, ToldError>>();
  for (const error of errors) {
    const place = JSON.stringify(nullOn(data, error.path ?? []));
    const told = byNull.get(place) ?? new Map<string, ToldError>();
    byNull.set(place, told.set(JSON.stringify(error.path ?? []), toldError(error)));
  }
  return byNull;
}

function nullOn(data: unknown, path: Path): Path {
  let value = data;
  for (const [index, key] of path.entries()) {
    if (value === null || value === undefined) return path.slice(0, index);
    value = (value as Record<string | number, unknown>)[key];
  }
  return path;
}

function toldError({ message, extensions }: GraphQLError): ToldError {
  return { message, extensions: { ...extensions } };
}

function told(errors: ReadonlyMap<string, ToldError>): unknown {
  return errors.size === 0 ? "no error" : [...errors.values()][0];
}

function at(holder: object, key: string | number): unknown {
  return Object.hasOwn(holder, key) ? (holder as Record<string | number, unknown>)[key] : ABSENT;
}

function shown(value: unknown): unknown {
  return value === ABSENT ? undefined : value;
}
