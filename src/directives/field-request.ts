import type { GraphQLResolveInfo } from "graphql";
import { escapeTagValue } from "../cache/tag.js";
import type { CachedField } from "./cached-field.js";
import type { Environment } from "./environment.js";
import { variedText } from "./field-key.js";
import type { Args } from "./input-text.js";
import { disregard } from "./maybe-promise.js";
import { asProblem } from "./problems.js";
import { MAX_TAGS, type TemplateValues } from "./tag-template.js";
import { templateProblem, tooManyTags } from "./template-problem.js";

/** What the cache is asked for, and by whom. */
export interface FieldRequest {
  readonly key: string;
  /** Those known before the load. */
  readonly tags: readonly string[];
  readonly coordinate: string;
  /** What of the context the result is made for, and its parent was. */
  readonly varied: string;
}

/**
 * Makes the key and the tags of one call; undefined, and reported, where they cannot be made. Its arguments stand one by
 * one, since a near hit needs no object for them.
 */
export type RequestOf = (
  source: unknown,
  args: Args,
  context: unknown,
  info: GraphQLResolveInfo,
  viewer: string | undefined,
  /** What the parent was made for, as `varied`. */
  inherited: string,
) => FieldRequest | undefined;

export function fieldRequest(field: CachedField, { problems }: Environment): RequestOf {
  const { coordinate, onlyOfParent } = field;
  return onlyOfParent ? remembering(onlyOfParent, make) : make;

  function make(...call: Parameters<RequestOf>): FieldRequest | undefined {
    const [source, args, context, info, viewer, inherited] = call;
    try {
      const tags = tagsOf({ args, parent: source, context, viewer });
      if (!tags) return undefined;
      const varied = inherited + variedText(field.vary, context);
      return {
        key: field.key(source, args, context, info, viewer, varied),
        tags,
        coordinate,
        varied,
      };
    } catch (error) {
      const consequence = "the result is not cached, since its key or tags failed";
      problems.report(coordinate, "key", asProblem(coordinate, consequence, error));
      return undefined;
    }
  }

  /** undefined where a template found no value. */
  function tagsOf(values: TemplateValues): readonly string[] | undefined {
    const tags: string[] = [];
    const { viewer } = values;
    if (viewer !== undefined) tags.push(`viewer:${escapeTagValue(viewer)}`);
    for (const template of field.knownTags) {
      try {
        const rendered = template.render(values);
        if (!Array.isArray(rendered)) {
          disregard(rendered);
          throw new TypeError("found a promise");
        }
        tags.push(...rendered);
      } catch (error) {
        const problem = templateProblem(coordinate, template, "the result is not cached", error);
        problems.report(coordinate, template.text, problem);
        return undefined;
      }
    }
    if (tags.length <= MAX_TAGS) return Object.freeze(tags);
    const distinct = [...new Set(tags)];
    if (distinct.length > MAX_TAGS) throw tooManyTags(distinct.length);
    return Object.freeze(distinct);
  }
}

/**
 * Parents that come from the near cache are the same objects for every request, and frozen: what hangs on nothing but
 * such properties is made once.
 */
function remembering(properties: readonly string[], make: RequestOf): RequestOf {
  const made = new WeakMap<object, FieldRequest>();
  return (source, args, context, info, viewer, inherited) => {
    // Below a PRIVATE field, key and tags hang on the viewer as well; below one with `vary`, on what that was made for.
    if (viewer !== undefined || inherited !== "") {
      return make(source, args, context, info, viewer, inherited);
    }
    const parent = source as object;
    const known = made.get(parent);
    if (known) return known;
    const request = make(source, args, context, info, viewer, inherited);
    if (request && isFixed(parent, properties)) made.set(parent, request);
    return request;
  };
}

/** Whether all of these are values that nobody can change any more. */
function isFixed(parent: unknown, properties: readonly string[]): parent is object {
  if (typeof parent !== "object" || parent === null) return false;
  return properties.every((name) => {
    const property = Object.getOwnPropertyDescriptor(parent, name);
    if (!property || property.writable || property.configurable) return false;
    return typeof property.value === "string" || typeof property.value === "number";
  });
}
