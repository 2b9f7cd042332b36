import type { GraphQLResolveInfo } from "graphql";
import type { Environment, Resolver } from "./environment.js";
import { keptArgs } from "./kept-args.js";
import { asProblem } from "./problems.js";
import type { TagTemplate, TemplateValues } from "./tag-template.js";
import { templateProblem } from "./template-problem.js";

export interface EvictingField {
  readonly coordinate: string;
  readonly templates: readonly TagTemplate[];
}

/**
 * Wraps the resolver of an `@evictTags` field: once it succeeded its tags are evicted, and only then is it answered.
 * Where it throws, it may have committed first, so the tags that need no result are evicted as well.
 */
export function evictTagsResolver(
  field: EvictingField,
  resolve: Resolver,
  env: Environment,
): Resolver {
  const { coordinate, templates } = field;
  const { cache, operations, problems, viewerOf } = env;
  const needsArgs = templates.some((template) => template.needsArgs);
  const needsViewer = templates.some((template) => template.needsViewer);
  const withoutResult = templates.filter((template) => !template.needsResult);

  return async function evicting(source, args, context, info) {
    const values: TemplateValues = {
      args: needsArgs ? keptArgs(args, info) : args,
      parent: source,
      context,
      viewer: viewerIn(context),
    };
    let result: unknown;
    try {
      result = repeatable(await resolve.call(this, source, args, context, info));
    } catch (error) {
      // Where nobody was signed in, that may be why it threw: a template that names the viewer has nothing to name.
      const known = withoutResult.filter(
        ({ needsViewer }) => !needsViewer || values.viewer !== undefined,
      );
      await evict(known, values, info);
      throw error;
    }
    // A returned error fails the field as a thrown one does; a null result has nothing to name.
    const hasResult = result != null && !(result instanceof Error);
    await evict(hasResult ? templates : withoutResult, { ...values, result }, info);
    return result;
  };

  async function evict(
    wanted: readonly TagTemplate[],
    values: TemplateValues,
    info: GraphQLResolveInfo,
  ): Promise<void> {
    const rendered = await Promise.all(wanted.map((template) => render(template, values)));
    const tags = [...new Set(rendered.flat())];
    try {
      if (tags.length > 0) await cache.evictTags(tags);
    } catch (error) {
      const problem = asProblem(coordinate, "the eviction was not delivered", error);
      problems.report(coordinate, "evict", problem);
    }
    await renew(values.context, info);
  }

  async function render(template: TagTemplate, values: TemplateValues): Promise<string[]> {
    const report = (error: unknown) => {
      const problem = templateProblem(coordinate, template, "its tag is not evicted", error);
      problems.report(coordinate, template.text, problem);
    };
    try {
      // One element that failed must not keep the others' tags from being evicted.
      return await template.render({ ...values, onBadItem: report });
    } catch (error) {
      report(error);
      return [];
    }
  }

  function viewerIn(context: unknown): string | undefined {
    try {
      return needsViewer ? viewerOf(context) : undefined;
    } catch (error) {
      problems.report(coordinate, "viewer", asProblem(coordinate, "the viewer is unknown", error));
      return undefined;
    }
  }

  /** What the request's loaders remember is from before the write. */
  async function renew(context: unknown, info: GraphQLResolveInfo): Promise<void> {
    try {
      await operations.renew(context, info);
    } catch (error) {
      const problem = asProblem(coordinate, "the request's loaders were not cleared", error);
      problems.report(coordinate, "loaders", problem);
    }
  }
}

/** What can be gone through only once, as a generator, is kept: for the templates, and then for the answer. */
function repeatable(result: unknown): unknown {
  if (typeof result !== "object" || result === null || !(Symbol.iterator in result)) return result;
  const list = result as Iterable<unknown>;
  const isOnce = (list[Symbol.iterator]() as unknown) === list;
  return isOnce ? [...list] : list;
}
