import { type GraphQLResolveInfo, OperationTypeNode } from "graphql";
import {
  CachedError,
  LoadQueueTimeoutError,
  LoadTimeoutError,
  StoreUnavailableError,
} from "../cache/errors.js";
import type { Position } from "../cache/position.js";
import { escapeTagValue } from "../cache/tag.js";
import type { EntryOptions, LoadContext, Lookup } from "../cache/types.js";
import { hintApollo } from "./apollo-hint.js";
import type { CachedField } from "./cached-field.js";
import type { Environment, Resolver } from "./environment.js";
import { type FieldCall, fieldLoad } from "./field-load.js";
import { isPromise } from "./maybe-promise.js";
import type { Answer } from "./observations.js";
import { asProblem } from "./problems.js";
import { MAX_TAGS } from "./tag-template.js";
import { templateProblem, tooManyTags } from "./template-problem.js";

const BYPASSED: Answer = { status: "bypassed", ageSeconds: 0, remainingSeconds: 0, tags: [] };

/** What the cache is asked for. */
interface Request {
  readonly key: string;
  readonly tags: readonly string[];
}

/** Wraps the resolver of a `@cached` field. Whatever fails in here but the resolver itself is reported, and never fails the field. */
export function cachedResolver(field: CachedField, resolve: Resolver, env: Environment): Resolver {
  const { coordinate, isPrivate, isShared } = field;
  const { cache, observations, operations, problems } = env;
  const refreshContext = env.options.refreshContext as ((context: unknown) => unknown) | undefined;
  // The cache takes a refresh of its own for as young as its start. A parent is as old as the operation it came with.
  const refreshesAnew = refreshContext !== undefined && !field.hasParent;
  const loads = fieldLoad(field, resolve, env);

  return function cached(source, args, context, info) {
    if (isPrivate) observations.markPrivate(context);
    else if (!isShared) observations.markUnshared(context);
    // A mutation's payload must show what was just written, and an event is not a question asked again.
    const isQuery = info.operation.operation === OperationTypeNode.QUERY;
    if (!isQuery || loads.readsSelection) {
      return bypass({ self: this, source, args, context, info, viewer: undefined });
    }
    let viewer: string | undefined;
    try {
      viewer = isPrivate ? env.viewerOf(context) : undefined;
    } catch (error) {
      problems.report(
        coordinate,
        "viewer",
        asProblem(coordinate, "the result is not cached", error),
      );
    }
    const call: FieldCall = { self: this, source, args, context, info, viewer };
    if (isPrivate && viewer === undefined) return bypass(call);
    const request = requestOf(call);
    if (!request) return bypass(call);
    const since = operations.since(info);
    if (isPromise(since)) return since.then((known) => lookUp(call, request, known));
    const answer = lookNear(call, request, since);
    if (!answer) return lookUp(call, request, since);
    note(context, info, answer);
    return answer.value;
  };

  function optionsOf(call: FieldCall, tags: readonly string[], since: Position | null) {
    return {
      ...field.entry,
      tags,
      since,
      loadGroup: call.info.variableValues,
      ...(refreshesAnew ? { refresh: (load: LoadContext) => refresh(call, load) } : {}),
    };
  }

  /** What is near, without a promise: GraphQL.js goes on at once where nothing has to be waited for. */
  function lookNear(
    call: FieldCall,
    { key, tags }: Request,
    since: Position | null,
  ): Lookup<unknown> | undefined {
    return cache.lookupNear(key, optionsOf(call, tags, since), (load) =>
      loads.run(call, call.context, load),
    );
  }

  async function lookUp(
    call: FieldCall,
    { key, tags }: Request,
    since: Position | null,
  ): Promise<unknown> {
    const { context, info } = call;
    let led = false;
    let loaded: { value: unknown } | undefined;
    const options: EntryOptions = optionsOf(call, tags, since);
    try {
      const answer = await cache.lookup<unknown>(key, options, async (load) => {
        led = true;
        loaded = { value: await loads.run(call, context, load) };
        return loaded.value;
      });
      // Another's load may have shaped this value to its own selection, and was found out only now.
      if (loads.readsSelection && !led) return bypass(call);
      note(context, info, answer);
      return answer.value;
    } catch (error) {
      if (!loaded && (led || !isInternal(error))) throw error;
      problems.report(
        coordinate,
        "lookup",
        asProblem(coordinate, "the result is not cached", error),
      );
      if (!loaded) return bypass(call);
      note(context, info, BYPASSED);
      return loaded.value;
    }
  }

  /** The request's own context may be gone by now. */
  async function refresh(call: FieldCall, load: LoadContext): Promise<unknown> {
    const context = await refreshContext?.(call.context);
    operations.forget(context);
    return loads.run(call, context, load);
  }

  function bypass({ self, source, args, context, info }: FieldCall): unknown {
    note(context, info, BYPASSED);
    return resolve.call(self, source, args, context, info);
  }

  function note(context: unknown, info: GraphQLResolveInfo, answer: Answer): void {
    observations.add(context, info, coordinate, answer);
    hintApollo(info, answer.remainingSeconds, isPrivate);
  }

  function requestOf(call: FieldCall): Request | undefined {
    const { source, args, context, info, viewer } = call;
    try {
      const tags = tagsOf(call);
      return (
        tags && {
          key: field.key(source, args, context, info, viewer),
          tags,
        }
      );
    } catch (error) {
      const problem = asProblem(
        coordinate,
        "the result is not cached, since its key or tags failed",
        error,
      );
      problems.report(coordinate, "key", problem);
      return undefined;
    }
  }

  /** The tags known before the load; undefined where a template found no value. */
  function tagsOf({ source, args, context, viewer }: FieldCall): string[] | undefined {
    const tags: string[] = [];
    if (viewer !== undefined) tags.push(`viewer:${escapeTagValue(viewer)}`);
    for (const template of field.knownTags) {
      try {
        const rendered = template.render({ args, parent: source, context, viewer });
        if (!Array.isArray(rendered)) throw new TypeError("found a promise");
        tags.push(...rendered);
      } catch (error) {
        const problem = templateProblem(coordinate, template, "the result is not cached", error);
        problems.report(coordinate, template.text, problem);
        return undefined;
      }
    }
    if (tags.length <= MAX_TAGS) return tags;
    const distinct = [...new Set(tags)];
    if (distinct.length > MAX_TAGS) throw tooManyTags(distinct.length);
    return distinct;
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
