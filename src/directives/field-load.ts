import type { GraphQLResolveInfo } from "graphql";
import { NotCacheableError } from "../cache/errors.js";
import type { Position } from "../cache/position.js";
import { hearRefusal } from "../cache/refusals.js";
import type { LoadContext } from "../cache/types.js";
import type { CachedField } from "./cached-field.js";
import type { Environment, Resolver } from "./environment.js";
import type { Args } from "./input-text.js";
import { keptArgs } from "./kept-args.js";
import { chain, isPromise, type MaybePromise } from "./maybe-promise.js";
import type { Operation } from "./operation.js";
import { asProblem } from "./problems.js";
import { MAX_TAGS, type TagTemplate, type TemplateValues } from "./tag-template.js";
import { templateProblem, tooManyTags } from "./template-problem.js";
import { type InfoListener, watchedInfo } from "./watched-info.js";
import { type WatchedParent, watchedParent } from "./watched-parent.js";

/** One call of a cached field. */
export interface FieldCall {
  readonly self: unknown;
  readonly source: unknown;
  readonly args: Args;
  readonly context: unknown;
  readonly info: GraphQLResolveInfo;
  readonly operation: Operation;
  readonly viewer: string | undefined;
  /** The age of the entry that the parent came from; null where unknown, undefined where it is no older than the operation. */
  readonly parentSince: Position | null | undefined;
}

export interface FieldLoad {
  /** Runs the resolver, with `context` in place of the call's, and says what may be stored of its result. */
  run(call: FieldCall, context: unknown, load: LoadContext): MaybePromise<unknown>;
  /**
   * True once a result was seen that nobody but its own caller may have: the resolver read the selection without
   * `bySelection`, or the operation's variables, or gave an enum's own object. The next would be no other.
   */
  readonly isRefused: boolean;
}

/** The load of a cached field: its resolver, and the checks and tags that wait for the result. */
export function fieldLoad(field: CachedField, resolve: Resolver, env: Environment): FieldLoad {
  const { coordinate, bySelection, isList, objection, heldEnum, keepsNull, resultTags } = field;
  const tagsNeedArgs = resultTags.some(({ needsArgs }) => needsArgs);
  let isRefused = false;
  const infoListener: InfoListener = {
    onSelection: noteSelectionRead,
    onVariables: noteVariablesRead,
  };

  return {
    run,
    get isRefused() {
      return isRefused;
    },
  };

  function run(call: FieldCall, context: unknown, load: LoadContext): MaybePromise<unknown> {
    const info = bySelection ? call.info : watchedInfo(call.info, infoListener);
    const parent = parentOf(call, load);
    const asked = tagsNeedArgs ? { ...call, args: keptArgs(call.args, call.info) } : call;
    const answer = () => resolve.call(call.self, parent.value, call.args, context, info);
    const result =
      call.viewer === undefined ? env.viewerWatch.run(field, context, answer) : answer();
    return chain(result, (value) =>
      chain(isList ? settled(value) : value, (final) => {
        parent.release();
        // It fails the field as a thrown one does, and so may a stale entry stand in for it.
        if (final instanceof Error) throw final;
        return checked(final, asked, context, load);
      }),
    );
  }

  /** What a load reads of a parent from an older entry, but for what the key is made of, makes it as old as that. */
  function parentOf({ source, info, parentSince }: FieldCall, load: LoadContext): WatchedParent {
    if (parentSince === undefined) return { value: source, release: () => undefined };
    const fields = Object.keys(info.parentType.getFields());
    const names = fields.filter((name) => !field.keyNames.has(name));
    return watchedParent(source, field.keyNames, names, () => load.setSince(parentSince));
  }

  /** Never throws: the resolver has answered, and what goes wrong from here on only keeps the result from being stored. */
  function checked(
    value: unknown,
    call: FieldCall,
    context: unknown,
    load: LoadContext,
  ): MaybePromise<unknown> {
    try {
      const enumName = heldEnum(value);
      if (enumName !== undefined) noteEnumObject(enumName);
      const reason = isRefused ? undefined : objection(value, context, call.info);
      if (isRefused || reason !== undefined) {
        load.setTtlSeconds(0);
        if (reason !== undefined) reportObjection(reason);
        return value;
      }
      hearRefusal(load, reportRefusal);
      if (resultTags.length === 0 || (value == null && !keepsNull)) return value;
      return tagged(value, call, context, load);
    } catch (error) {
      refuse(load, error);
      return value;
    }
  }

  function tagged(
    result: unknown,
    { args, source, viewer }: FieldCall,
    context: unknown,
    load: LoadContext,
  ): MaybePromise<unknown> {
    const values = { args, parent: source, context, viewer, result };
    const rendered = resultTags.map((template) => renderOrReport(template, values));
    const file = (lists: readonly (readonly string[] | undefined)[]): unknown => {
      const tags = new Set(lists.flatMap((list) => list ?? []));
      if (tags.size > MAX_TAGS) throw tooManyTags(tags.size);
      if (lists.includes(undefined)) load.setTtlSeconds(0);
      else load.addTags(...tags);
      return result;
    };
    if (!rendered.some(isPromise)) return file(rendered as (readonly string[] | undefined)[]);
    return Promise.all(rendered)
      .then(file)
      .catch((error) => {
        refuse(load, error);
        return result;
      });
  }

  /** undefined where the template found no value. */
  function renderOrReport(
    template: TagTemplate,
    values: TemplateValues,
  ): MaybePromise<string[] | undefined> {
    const report = (error: unknown): undefined => {
      const problem = templateProblem(coordinate, template, "the result is not cached", error);
      env.problems.report(coordinate, template.text, problem);
    };
    try {
      const tags = template.render(values);
      return isPromise(tags) ? tags.catch(report) : tags;
    } catch (error) {
      return report(error);
    }
  }

  function noteSelectionRead(): void {
    const text =
      "the resolver reads the selection from info, so its results are not cached; " +
      "@cached(bySelection: true) caches them by selection";
    refuseAll("selection", text);
  }

  function noteVariablesRead(): void {
    const text =
      "the resolver reads the operation's variables from info, so its results are not cached; " +
      "what it gets as arguments tells its results apart";
    refuseAll("variables", text);
  }

  function noteEnumObject(enumName: string): void {
    const text =
      `the result holds a value of the enum ${enumName} that is an object, and no copy of it would be that value, ` +
      "so the field's results are not cached";
    refuseAll("enum", text);
  }

  function refuseAll(kind: string, reason: string): void {
    isRefused = true;
    const text = `${coordinate}: ${reason}.`;
    env.problems.report(coordinate, kind, new NotCacheableError(text, { coordinate }));
  }

  function reportObjection(reason: string): void {
    const text = `${coordinate}: the result is not cached, since ${reason}.`;
    env.problems.report(coordinate, "objection", new NotCacheableError(text, { coordinate }));
  }

  function reportRefusal(refusal: NotCacheableError): void {
    const problem = asProblem(coordinate, "the result is not cached", refusal);
    env.problems.report(coordinate, "refusal", problem);
  }

  function refuse(load: LoadContext, error: unknown): void {
    load.setTtlSeconds(0);
    const problem = asProblem(coordinate, "the result is not cached", error);
    env.problems.report(coordinate, "check", problem);
  }
}

/**
 * A list of promises as the list of their values. Where one rejects the promises stay, so that its element alone
 * fails; such a list is refused when it is checked, since promises cannot be stored. For fields of a list type alone:
 * GraphQL.js waits for none inside a scalar.
 */
function settled(value: unknown): MaybePromise<unknown> {
  if (!Array.isArray(value) || !value.some(isPromise)) return value;
  return Promise.allSettled(value).then((items) =>
    items.every((item) => item.status === "fulfilled") ? items.map((item) => item.value) : value,
  );
}
