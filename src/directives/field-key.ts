import type { GraphQLResolveInfo } from "graphql";
import { escapeTagValue } from "../cache/tag.js";
import { canonical, shortened } from "./canonical.js";
import type { VaryingPart } from "./check-cached.js";
import type { Args } from "./input-text.js";

/** What tells two results of one field apart, fixed when the schema is built. */
export interface KeyParts {
  readonly coordinate: string;
  readonly digest: string;
  /** The identity of a nested field's parent, escaped. Absent on root fields. */
  readonly parentText?: (parent: unknown, context: unknown) => string;
  readonly argumentText: (args: Args) => string;
  readonly selectionText?: (info: GraphQLResolveInfo) => string;
}

export type FieldKey = (
  parent: unknown,
  args: Args,
  context: unknown,
  info: GraphQLResolveInfo,
  viewer: string | undefined,
  varied: string,
) => string;

/**
 * What of the context a result is made for, as `|locale="de"|tenant=7`.
 *
 * @throws TypeError for what has no canonical text
 */
export function variedText(vary: readonly VaryingPart[], context: unknown): string {
  let text = "";
  for (const { name, read } of vary) text += `|${name}=${shortened(canonical(read(context)))}`;
  return text;
}

/**
 * Makes the keys of one field, readable where they are short:
 * `Query.menuItem#x3Fq_t1aBz(id:"classic")`, `MenuItem.sizes#…/classic`, `Query.orders#…(first:20)|locale="de"|viewer:12`.
 *
 * Different results never share a key: each part ends where its own syntax says, and no value can write that end.
 */
export function fieldKey(parts: KeyParts): FieldKey {
  const { parentText, argumentText, selectionText } = parts;
  const head = `${parts.coordinate}#${parts.digest}`;
  return (parent, args, context, info, viewer, varied) => {
    let key = head;
    if (parentText) key += `/${parentText(parent, context)}`;
    key += shortened(argumentText(args));
    key += varied;
    if (viewer !== undefined) key += `|viewer:${escapeTagValue(viewer)}`;
    if (selectionText) key += `|selection${shortened(selectionText(info))}`;
    return key;
  };
}
