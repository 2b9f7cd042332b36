import { TemplateError } from "../cache/errors.js";
import { MAX_TAGS, type TagTemplate } from "./tag-template.js";

/** Why a template gave no tag, and what followed from it. */
export function templateProblem(
  coordinate: string,
  template: TagTemplate,
  consequence: string,
  error: unknown,
): TemplateError {
  const reason = error instanceof Error ? error.message : String(error);
  const text = `${coordinate}: the template "${template.text}" ${reason}, so ${consequence}.`;
  return new TemplateError(text, { coordinate, cause: error });
}

export function tooManyTags(count: number): RangeError {
  return new RangeError(`an entry may have ${MAX_TAGS} tags, but this one would have ${count}`);
}
