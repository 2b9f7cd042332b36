import { type GraphQLResolveInfo, OperationTypeNode } from "graphql";
import {
  CachedError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
  PrivacyError,
  StoreUnavailableError,
} from "../cache/errors.js";
import type { Position } from "../cache/position.js";
import type { EntryOptions, LoadContext, Lookup } from "../cache/types.js";
import { hintApollo } from "./apollo-hint.js";
import type { CachedField } from "./cached-field.js";
import type { Environment, Resolver } from "./environment.js";
import { type FieldCall, fieldLoad } from "./field-load.js";
import { type FieldRequest, fieldRequest } from "./field-request.js";
import { chain, isPromise } from "./maybe-promise.js";
import type { Answer } from "./observations.js";
import type { Operation } from "./operation.js";
import { executionOf } from "./operations.js";
import { asProblem } from "./problems.js";

const BYPASSED: Answer = { status: "bypassed", ageSeconds: 0, remainingSeconds: 0, tags: [] };

type BareCall = Omit<FieldCall, "operation" | "viewer" | "parentSince">;

/** Wraps the resolver of a `@cached` field. Whatever fails in here but the resolver itself is reported, and never fails the field. */
export function cachedResolver(
  field: CachedField,
  resolve: Resolver,
  env: Environment,
  { feedsFields }: { feedsFields: boolean },
): Resolver {
  const { coordinate, entry, hasParent, isPrivate, isShared } = field;
  const { cache, observations, operations, problems } = env;
  const refreshContext = env.options.refreshContext as ((context: unknown) => unknown) | undefined;
  // The cache takes a refresh of its own for as young as its start. A parent is as old as the operation it came with.
  const refreshesAnew = refreshContext !== undefined && !hasParent;
  // What may stand above: without these options no field is PRIVATE, and none varies.
  const mayBeViewers = env.options.viewer !== undefined;
  const mayBeVaried = env.options.vary !== undefined;
  const marksVaried = feedsFields && field.vary.length > 0;
  const requestOf = fieldRequest(field, env);
  const loads = fieldLoad(field, resolve, env);

  return function cached(source, args, context, info) {
    const operation = operations.of(info);
    if (isPrivate) {
      observations.markPrivate(context);
      if (feedsFields) operation.markPrivate(info.path);
    } else if (!isShared) observations.markUnshared(context);
    // A mutation's payload must show what was just written, and an event is not a question asked again.
    const isQuery = info.operation.operation === OperationTypeNode.QUERY;
    if (!isQuery || loads.isRefused) {
      // Of what it is made for its key would tell, and has none.
      if (isQuery && marksVaried) operation.markVaried(info.path, undefined);
      return bypass({ self: this, source, args, context, info });
    }
    // What a viewer's own parent says must reach nobody else through a field that all may see.
    const isViewers = isPrivate || (mayBeViewers && operation.isBelowPrivate(info.path));
    const viewer = isViewers ? viewerOf(context) : undefined;
    if (isViewers && viewer === undefined) {
      return bypass({ self: this, source, args, context, info });
    }
    // Nor what a parent was made for by `vary`, to those that another was made for.
    const inherited = mayBeVaried ? operation.variedAbove(info.path) : "";
    const request =
      inherited === undefined
        ? undefined
        : requestOf(source, args, context, info, viewer, inherited);
    if (marksVaried) operation.markVaried(info.path, request?.varied);
    if (!request) return bypass({ self: this, source, args, context, info });
    // What is near comes without a promise: GraphQL.js goes on at once where nothing has to be waited for. And without
    // an object for the call: lists are answered here, field by field.
    const near = cache.lookupNear(request.key, request);
    if (near && !near.isDue) {
      noteFound(operation, context, info, near);
      return near.value;
    }
    const parentSince = hasParent ? operation.sinceAbove(info.path) : undefined;
    const call = { self: this, source, args, context, info, operation, viewer, parentSince };
    if (!near) return startLookup(call, request);
    refreshNear(call, request);
    noteFound(operation, context, info, near);
    return near.value;
  };

  /** undefined, and reported where it fails, for nobody. */
  function viewerOf(context: unknown): string | undefined {
    try {
      return env.viewerOf(context);
    } catch (error) {
      const problem = asProblem(coordinate, "the result is not cached", error);
      problems.report(coordinate, "viewer", problem);
      return undefined;
    }
  }

  function optionsOf(call: FieldCall, { key, tags }: FieldRequest, since: Position | null) {
    const { ttlSeconds, staleWhileRevalidateSeconds, staleIfErrorSeconds, nullTtlSeconds } = entry;
    const options: EntryOptions = {
      ttlSeconds,
      staleWhileRevalidateSeconds,
      staleIfErrorSeconds,
      nullTtlSeconds,
      coordinate,
      tags,
      since,
      loadGroup: executionOf(call.info),
    };
    // A field of Query below another has a parent that it may read, whoever that belongs to.
    if (refreshesAnew && call.info.path.prev === undefined)
      options.refresh = (load: LoadContext) => refresh(call, key, load);
    return options;
  }

  function startLookup(call: FieldCall, request: FieldRequest): unknown {
    return chain(call.operation.since, (since) => lookUp(call, request, since));
  }

  /** Not an async function: its promise would be one more for each field of a list. */
  function lookUp(call: FieldCall, request: FieldRequest, since: Position | null) {
    const { context, info } = call;
    let led = false;
    let loaded: { value: unknown } | undefined;
    const load = async (loadContext: LoadContext) => {
      led = true;
      loaded = { value: await loads.run(call, context, loadContext) };
      return loaded.value;
    };
    return cache.lookup<unknown>(request.key, optionsOf(call, request, since), load).then(
      (answer) => {
        // Another's load may have made this value for itself alone, and was found out only now.
        if (loads.isRefused && !led) return bypass(call);
        noteFound(call.operation, context, info, answer);
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

  function refreshNear(call: FieldCall, request: FieldRequest): void {
    const load = (loadContext: LoadContext) => loads.run(call, call.context, loadContext);
    // Where the operation's age is still asked for, the next that finds the entry is chosen soon enough.
    const { since } = call.operation;
    if (!isPromise(since)) cache.refresh(request.key, optionsOf(call, request, since), load);
  }

  /** The request's own context may be gone by now. */
  async function refresh(call: FieldCall, key: string, load: LoadContext): Promise<unknown> {
    const context = await refreshContext?.(call.context);
    const viewer = isPrivate ? viewerOf(context) : undefined;
    if (requestOf(call.source, call.args, context, call.info, viewer, "")?.key !== key) {
      throw refuseRefresh();
    }
    operations.forget(context);
    return loads.run(call, context, load);
  }

  function refuseRefresh(): PrivacyError {
    const text =
      `${coordinate}: a refresh must be made for the viewer, and all that varies, that its entry is kept for, ` +
      "but refreshContext gave a context of another.";
    const error = new PrivacyError(text, { coordinate });
    problems.report(coordinate, "refresh", error);
    return error;
  }

  function bypass({ self, source, args, context, info }: BareCall): unknown {
    note(context, info, BYPASSED);
    return resolve.call(self, source, args, context, info);
  }

  function noteFound(
    operation: Operation,
    context: unknown,
    info: GraphQLResolveInfo,
    answer: Lookup<unknown>,
  ): void {
    note(context, info, answer);
    if (feedsFields && answer.value != null) operation.found(info.path, answer.since);
  }

  function note(context: unknown, info: GraphQLResolveInfo, answer: Answer): void {
    observations.add(context, info, coordinate, answer);
    hintApollo(info, answer, isPrivate);
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
