import type { ExecutionResult, GraphQLError, GraphQLSchema } from "graphql";
import { createCache } from "../cache/cache.js";
import { type CachedError, InvalidOptionError } from "../cache/errors.js";
import { applicationOf } from "../directives/applications.js";
import { cacheDirectives } from "../directives/cache-directives.js";
import type { FieldOutcome } from "../directives/observations.js";
import type { CacheDirectivesOptions } from "../directives/options.js";
import { differences, type Path, type Place } from "./differences.js";
import { recordCoordinates } from "./record-coordinates.js";
import { type Prepared, prepare, run } from "./runner.js";
import type { Compared, ExpectOptions, TestOperation } from "./types.js";
import { type Difference, pathText, WarmDiffersError } from "./warm-differs-error.js";

/**
 * Runs each query without the cache, cold and warm, and expects one answer of all three. A mutation among the
 * operations is run once, through the cache; then all queries before it are compared again, so that an eviction that
 * is missing shows as well.
 *
 * @param schema what `directives.apply` gave. It is applied anew to a cache of the call's own, so whatever its own
 *   cache holds is neither read nor changed.
 * @throws WarmDiffersError naming path, coordinate and answers; InvalidOptionError for a schema that `apply` did not
 *   give, and for an operation that isn't a valid query or mutation.
 */
export async function expectWarmEqualsCold(
  schema: GraphQLSchema,
  operations: Iterable<string | TestOperation>,
  options: ExpectOptions = {},
): Promise<Compared> {
  const application = applicationOf(schema);
  if (!application) {
    throw new InvalidOptionError(
      "The schema of expectWarmEqualsCold must be the one that directives.apply gave.",
    );
  }
  const cache = options.cache ?? createCache({ earlyRefresh: 0, ttlJitter: 0 });
  const problems: CachedError[] = [];
  const outcomes: FieldOutcome[] = [];
  const coordinates = new Map<string, string>();
  const directives = cacheDirectives(cache, {
    ...application.options,
    onProblem: (problem) => problems.push(problem),
  } as CacheDirectivesOptions<never>);
  const fieldResolver = options.fieldResolver ?? application.options.fieldResolver;
  const record = (of: GraphQLSchema) => recordCoordinates(of, coordinates, fieldResolver);
  const plain = record(application.plain);
  const cached = record(directives.apply(application.plain));
  const asked: Prepared[] = [];
  const errors: GraphQLError[] = [];
  let answers = 0;

  try {
    for (const operation of operations) {
      const prepared = prepare(schema, operation);
      if (prepared.isMutation) {
        const { answer } = await runCached(prepared);
        errors.push(...(answer.errors ?? []));
        for (const query of asked) await compare(query, `\n\nafter\n\n${prepared.text}`);
      } else {
        asked.push(prepared);
        const { errors: found = [] } = await compare(prepared, "");
        errors.push(...found);
      }
    }
  } finally {
    if (!options.cache) await cache.close();
  }
  const hits = outcomes.filter(({ status }) => status === "hit" || status === "stale");
  const fieldsHit = [...new Set(hits.map(({ coordinate }) => coordinate))].sort();
  return { answers, hits: hits.length, fieldsHit, errors, problems };

  async function compare(operation: Prepared, after: string): Promise<ExecutionResult> {
    coordinates.clear();
    const expected = await runPlain(operation);
    const cold = await runCached(operation);
    await refuseDifferences(expected, [cold]);
    const warm = await runCached(operation);
    await refuseDifferences(expected, [cold, warm]);
    return expected;

    async function refuseDifferences(want: ExecutionResult, got: readonly Ran[]): Promise<void> {
      answers += 1;
      const last = got[got.length - 1] as Ran;
      const places = differences(want, last.answer);
      if (places.length === 0) return;
      const again = await runPlain(operation);
      throw new WarmDiffersError(
        operation.text + after,
        places.map((place) => describe(place, want, again, got)),
        { expected: want, actual: last.answer },
      );
    }
  }

  function describe(
    { path, left, right }: Place,
    want: ExecutionResult,
    again: ExecutionResult,
    got: readonly Ran[],
  ): Difference {
    const last = got[got.length - 1] as Ran;
    const isAt = (place: Place) => pathText(place.path) === pathText(path);
    const changed = differences(want, again).find(isAt);
    return {
      path,
      coordinate: nearest(path, coordinates) ?? "Query",
      cachedAt: nearest(path, new Map(last.outcomes.map(named))),
      plain: left,
      plainAgain: changed ? changed.right : left,
      // Cold answered as the plain schema did, or no warm run had followed.
      cold: got.length === 1 ? right : left,
      ...(got.length === 1 ? {} : { warm: right }),
    };
  }

  async function runPlain(operation: Prepared): Promise<ExecutionResult> {
    return run(plain, operation, options, await contextOf(operation));
  }

  async function runCached(operation: Prepared): Promise<Ran> {
    const context = await contextOf(operation);
    const observed = directives.observe(context, { outcomes: true });
    const answer = await run(cached, operation, options, context);
    outcomes.push(...observed.outcomes);
    return { answer, outcomes: observed.outcomes };
  }

  /** An object, since it is by the context that what the cache did is observed. */
  async function contextOf({ given }: Prepared): Promise<object> {
    const context = await (given.context ?? options.context)?.();
    return typeof context === "object" && context !== null ? context : {};
  }
}

interface Ran {
  readonly answer: ExecutionResult;
  readonly outcomes: readonly FieldOutcome[];
}

function named({ path, coordinate, status }: FieldOutcome): [string, string] {
  return [pathText(path), `${coordinate} (${status})`];
}

/** What is known of the path, or of the longest part of its beginning of which something is known. */
function nearest(path: Path, known: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const value = known.get(pathText(path.slice(0, length)));
    if (value !== undefined) return value;
  }
  return undefined;
}
