import type { GraphQLSchema } from "graphql";
import type { DirectiveError } from "../cache/errors.js";
import { type ParsedTemplate, parseTemplate } from "../cache/tag.js";
import type { CachedField } from "../directives/cached-field.js";
import { planFields } from "../directives/field-plans.js";
import type { AnyContextOptions } from "../directives/options.js";
import { canMeet, viewerTag } from "../directives/tag-pattern.js";

/** What a schema caches, and what evicts it. */
export interface Inspection {
  readonly fields: readonly InspectedField[];
  readonly evictions: readonly InspectedEviction[];
  readonly errors: readonly Remark[];
  readonly warnings: readonly Remark[];
}

export interface InspectedField {
  /** As `Query.menu`. */
  readonly coordinate: string;
  /** What tells its entries apart: `/{parent.id}(first,after)|locale|viewer`; "" for a single entry. */
  readonly key: string;
  readonly ttlSeconds: number;
  readonly scope: "PUBLIC" | "PRIVATE";
  readonly tags: readonly { readonly template: string; readonly evictedBy: readonly string[] }[];
}

export interface InspectedEviction {
  readonly coordinate: string;
  readonly tags: readonly { readonly template: string; readonly reaches: readonly string[] }[];
}

export interface Remark {
  readonly coordinate: string;
  /** The coordinate included. */
  readonly message: string;
}

/** What is inspected, and what is known of how it is used. */
export interface Inspected {
  readonly schema: GraphQLSchema;
  readonly options: AnyContextOptions;
  readonly hasResolvers: boolean;
}

const VIEWER_TAG = "viewer:{viewer}";
const EXTERNAL = "externalTags";

/** Reads the directives of a schema, with all that contradicts itself as errors, and what nothing evicts as warnings. */
export function inspectSchema({ schema, options, hasResolvers }: Inspected): Inspection {
  const errors: DirectiveError[] = [];
  const plans = planFields(schema, options, {
    hasResolvers,
    onError: (error) => errors.push(error),
  });
  const external = (options.externalTags ?? []).flatMap((text) => parsed(text) ?? []);
  const evicting = [...plans.evicting.values()];
  const fields = [...plans.cached.values()].map(inspectField);

  return {
    fields,
    evictions: evicting.map(({ coordinate, templates }) => ({
      coordinate,
      tags: templates.map((template) => ({
        template: template.text,
        reaches: reachedBy(template.parsed),
      })),
    })),
    errors: errors.map(({ coordinate = "", message }) => ({ coordinate, message })),
    warnings: fields.flatMap(warningsOf),
  };

  function inspectField(field: CachedField): InspectedField {
    return {
      coordinate: field.coordinate,
      key: field.keyShape,
      ttlSeconds: field.entry.ttlSeconds,
      scope: field.isPrivate ? "PRIVATE" : "PUBLIC",
      tags: tagsOf(field).map(({ text, parsed }) => ({
        template: text,
        evictedBy: evictorsOf(parsed),
      })),
    };
  }

  function evictorsOf(tag: ParsedTemplate): string[] {
    const found = evicting.filter(({ templates }) =>
      templates.some((each) => canMeet(each.parsed, tag)),
    );
    const isExternal = external.some((each) => canMeet(each, tag));
    return [...found.map(({ coordinate }) => coordinate), ...(isExternal ? [EXTERNAL] : [])];
  }

  function reachedBy(tag: ParsedTemplate): string[] {
    return [...plans.cached.values()]
      .filter((field) => tagsOf(field).some((each) => canMeet(each.parsed, tag)))
      .map(({ coordinate }) => coordinate);
  }
}

function tagsOf({ isPrivate, knownTags, resultTags }: CachedField) {
  return [
    ...knownTags,
    ...resultTags,
    ...(isPrivate ? [{ text: VIEWER_TAG, parsed: viewerTag }] : []),
  ];
}

/** The tag of the viewer is there whether somebody evicts it or not. */
function warningsOf({ coordinate, tags }: InspectedField): Remark[] {
  return tags
    .filter(({ template, evictedBy }) => evictedBy.length === 0 && template !== VIEWER_TAG)
    .map(({ template }) => ({
      coordinate,
      message: `${coordinate}: nothing evicts the tag "${template}" under which it is filed.`,
    }));
}

function parsed(text: string): ParsedTemplate | undefined {
  try {
    return parseTemplate(text);
  } catch {
    // It is among the errors.
    return undefined;
  }
}
