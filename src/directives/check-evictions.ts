import { InvalidOptionError } from "../cache/errors.js";
import { type ParsedTemplate, parseTemplate } from "../cache/tag.js";
import { directiveError, malformedTemplate } from "./errors.js";
import { canMeet, viewerTag } from "./tag-pattern.js";
import type { TagTemplate } from "./tag-template.js";

interface Tagged {
  readonly coordinate: string;
  readonly templates: readonly TagTemplate[];
}

/**
 * Refuses to evict what nothing can be filed under: most likely a misspelt tag, and then stale answers for good.
 *
 * @param attempt runs each check, and takes the DirectiveError that names the evicting field and its tag
 */
export function checkEvictions(
  evicting: readonly Tagged[],
  cached: readonly (Tagged & { readonly isPrivate: boolean })[],
  externalTags: readonly string[],
  attempt: (check: () => void) => void,
): void {
  const filed: ParsedTemplate[] = [
    ...cached.flatMap(({ templates }) => templates.map(({ parsed }) => parsed)),
    ...(cached.some(({ isPrivate }) => isPrivate) ? [viewerTag] : []),
  ];
  for (const text of externalTags) attempt(() => filed.push(parseExternal(text)));
  for (const { coordinate, templates } of evicting) {
    for (const { text, parsed } of templates) {
      if (!filed.some((each) => canMeet(each, parsed))) attempt(() => refuse(coordinate, text));
    }
  }
}

function refuse(coordinate: string, text: string): never {
  throw directiveError(
    coordinate,
    `@evictTags names "${text}", but no @cached field can be filed under it. ` +
      'Tags that are filed outside the schema belong in the option "externalTags".',
  );
}

function parseExternal(text: string): ParsedTemplate {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (error instanceof InvalidOptionError) throw malformedTemplate("externalTags", error);
    throw error;
  }
}
