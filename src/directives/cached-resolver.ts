import { type GraphQLResolveInfo, OperationTypeNode } from "graphql";
import {
  CachedError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
  StoreUnavailableError,
} from "../cache/errors.js";
import type { Position } from "../cache/position.js";
import type { EntryOptions, LoadContext, Lookup } from "../cache/types.js";
import { hintApollo } from "./apollo-hint.js";
import type { CachedField } from "./cached-field.js";
import type { Environment, Resolver } from "./environment.js";
import { type FieldCall, fieldLoad } from "./field-load.js";
import { fieldRequest } from "./field-request.js";
import { isPromise } from "./maybe-promise.js";
import type { Answer } from "./observations.js";
import { asProblem } from "./problems.js";

const BYPASSED: Answer = { status: "bypassed", ageSeconds: 0, remainingSeconds: 0, tags: [] };

type BareCall = Omit<FieldCall, "viewer" | "parentSince">;

/** Wraps the resolver of a `@cached` field. Whatever fails in here but the resolver itself is reported, and never fails the field. */
export function cachedResolver(
  field: CachedField,
  resolve: Resolver,
  env: Environment,
  { feedsFields }: { feedsFields: boolean },
): Resolver {
  const { coordinate, entry, isPrivate, isShared } = field;
  const { cache, observations, operations, problems } = env;
  const refreshContext = env.options.refreshContext as ((context: unknown) => unknown) | undefined;
  // The cache takes a refresh of its own for as young as its start. A parent is as old as the operation it came with.
  const refreshesAnew = refreshContext !== undefined && !field.hasParent;
  const requestOf = fieldRequest(field, env);
  const loads = fieldLoad(field, resolve, env);

  return function cached(source, args, context, info) {
    if (isPrivate) {
      observations.markPrivate(context);
      if (feedsFields) operations.markPrivate(info);
    } else if (!isShared) observations.markUnshared(context);
    // A mutation's payload must show what was just written, and an event is not a question asked again.
    const isQuery = info.operation.operation === OperationTypeNode.QUERY;
    if (!isQuery || loads.readsSelection) {
      return bypass({ self: this, source, args, context, info });
    }
    // What a viewer's own parent says must reach nobody else through a field that all may see.
    const isViewers = isPrivate || (field.hasParent && operations.isBelowPrivate(info));
    let viewer: string | undefined;
    try {
      viewer = isViewers ? env.viewerOf(context) : undefined;
    } catch (error) {
      const problem = asProblem(coordinate, "the result is not cached", error);
      problems.report(coordinate, "viewer", problem);
    }
    const parentSince = field.hasParent ? operations.sinceAbove(info) : undefined;
    const call: FieldCall = { self: this, source, args, context, info, viewer, parentSince };
    if (isViewers && viewer === undefined) return bypass(call);
    const request = requestOf(call);
    if (!request) return bypass(call);
    const since = operations.since(info);
    const { key, tags } = request;
    if (isPromise(since)) {
      return since.then((known) => lookUp(call, key, optionsOf(call, tags, known)));
    }
    const options = optionsOf(call, tags, since);
    // What is near comes without a promise: GraphQL.js goes on at once where nothing has to be waited for.
    const answer = cache.lookupNear(key, options, (load) => loads.run(call, context, load));
    if (!answer) return lookUp(call, key, options);
    noteFound(call, answer);
    return answer.value;
  };

  function optionsOf(call: FieldCall, tags: readonly string[], since: Position | null) {
    const { ttlSeconds, staleWhileRevalidateSeconds, staleIfErrorSeconds, nullTtlSeconds } = entry;
    const options: EntryOptions = {
      ttlSeconds,
      staleWhileRevalidateSeconds,
      staleIfErrorSeconds,
      nullTtlSeconds,
      coordinate,
      tags,
      since,
      loadGroup: call.info.variableValues,
    };
    if (refreshesAnew) options.refresh = (load: LoadContext) => refresh(call, load);
    return options;
  }

  /** Not an async function: its promise would be one more for each field of a list. */
  function lookUp(call: FieldCall, key: string, options: EntryOptions): Promise<unknown> {
    const { context, info } = call;
    let led = false;
    let loaded: { value: unknown } | undefined;
    const load = async (loadContext: LoadContext) => {
      led = true;
      loaded = { value: await loads.run(call, context, loadContext) };
      return loaded.value;
    };
    return cache.lookup<unknown>(key, options, load).then(
      (answer) => {
        // Another's load may have shaped this value to its own selection, and was found out only now.
        if (loads.readsSelection && !led) return bypass(call);
        noteFound(call, answer);
        return answer.value;
      },
      (error) => {
        if (!loaded && (led || !isInternal(error))) throw error;
        const problem = asProblem(coordinate, "the result is not cached", error);
        problems.report(coordinate, "lookup", problem);
        if (!loaded) return bypass(call);
        note(context, info, BYPASSED);
        return loaded.value;
      },
    );
  }

  /** The request's own context may be gone by now. */
  async function refresh(call: FieldCall, load: LoadContext): Promise<unknown> {
    const context = await refreshContext?.(call.context);
    operations.forget(context);
    return loads.run(call, context, load);
  }

  function bypass({ self, source, args, context, info }: BareCall): unknown {
    note(context, info, BYPASSED);
    return resolve.call(self, source, args, context, info);
  }

  function noteFound({ context, info }: FieldCall, answer: Lookup<unknown>): void {
    note(context, info, answer);
    if (feedsFields && answer.value != null) operations.found(info, answer.since);
  }

  function note(context: unknown, info: GraphQLResolveInfo, answer: Answer): void {
    observations.add(context, info, coordinate, answer);
    hintApollo(info, answer.remainingSeconds, isPrivate);
  }
}

/** Failures of the cache itself; those that say the origin or a chosen policy refused are the caller's to see. */
function isInternal(error: unknown): boolean {
  return (
    error instanceof CachedError &&
    !(error instanceof StoreUnavailableError) &&
    !(error instanceof LoadTimeoutError) &&
    !(error instanceof LoadQueueTimeoutError)
  );
}
