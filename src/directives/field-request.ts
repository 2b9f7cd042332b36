import { escapeTagValue } from "../cache/tag.js";
import type { CachedField } from "./cached-field.js";
import type { Environment } from "./environment.js";
import type { FieldCall } from "./field-load.js";
import { asProblem } from "./problems.js";
import { MAX_TAGS } from "./tag-template.js";
import { templateProblem, tooManyTags } from "./template-problem.js";

/** What the cache is asked for. */
export interface FieldRequest {
  readonly key: string;
  /** Those known before the load. */
  readonly tags: readonly string[];
}

/** Makes the key and the tags of one call; undefined, and reported, where they cannot be made. */
export type RequestOf = (call: FieldCall) => FieldRequest | undefined;

export function fieldRequest(field: CachedField, { problems }: Environment): RequestOf {
  const { coordinate, onlyOfParent } = field;
  return onlyOfParent ? remembering(onlyOfParent, make) : make;

  function make(call: FieldCall): FieldRequest | undefined {
    const { source, args, context, info, viewer } = call;
    try {
      const tags = tagsOf(call);
      return tags && { key: field.key(source, args, context, info, viewer), tags };
    } catch (error) {
      const consequence = "the result is not cached, since its key or tags failed";
      problems.report(coordinate, "key", asProblem(coordinate, consequence, error));
      return undefined;
    }
  }

  /** undefined where a template found no value. */
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

/**
 * Parents that come from the near cache are the same objects for every request, and frozen: what hangs on nothing but
 * such properties is made once.
 */
function remembering(properties: readonly string[], make: RequestOf): RequestOf {
  const made = new WeakMap<object, FieldRequest>();
  return (call) => {
    // Below a PRIVATE field, key and tags hang on the viewer as well.
    if (call.viewer !== undefined) return make(call);
    const parent = call.source as object;
    const known = made.get(parent);
    if (known) return known;
    const request = make(call);
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
