import type { GraphQLResolveInfo } from "graphql";
import { escapeTagValue } from "../cache/tag.js";
import { canonical, shortened } from "./canonical.js";
import type { Args } from "./input-text.js";

/** What tells two results of one field apart, fixed when the schema is built. */
export interface KeyParts {
  readonly coordinate: string;
  readonly digest: string;
  /** The identity of a nested field's parent, escaped. Absent on root fields. */
  readonly parentText?: (parent: unknown, context: unknown) => string;
  readonly argumentText: (args: Args) => string;
  readonly vary: readonly { readonly name: string; readonly read: (context: unknown) => unknown }[];
  readonly selectionText?: (info: GraphQLResolveInfo) => string;
}

export type FieldKey = (
  parent: unknown,
  args: Args,
  context: unknown,
  info: GraphQLResolveInfo,
  viewer: string | undefined,
) => string;

/**
 * Makes the keys of one field, readable where they are short:
 * `Query.menuItem#x3Fq_t1aBz(id:"classic")`, `MenuItem.sizes#…/classic`, `Query.orders#…(first:20)|locale="de"|viewer:12`.
 *
 * Different results never share a key: each part ends where its own syntax says, and no value can write that end.
 */
export function fieldKey(parts: KeyParts): FieldKey {
  const { parentText, argumentText, vary, selectionText } = parts;
  const head = `${parts.coordinate}#${parts.digest}`;
  return (parent, args, context, info, viewer) => {
    let key = head;
    if (parentText) key += `/${parentText(parent, context)}`;
    key += shortened(argumentText(args));
    for (const { name, read } of vary) key += `|${name}=${shortened(canonical(read(context)))}`;
    if (viewer !== undefined) key += `|viewer:${escapeTagValue(viewer)}`;
    if (selectionText) key += `|selection${shortened(selectionText(info))}`;
    return key;
  };
}
