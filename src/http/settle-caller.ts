import type { ApolloServerPlugin } from "@apollo/server";
import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import type { Context } from "../context.js";

/** Root fields that answer everybody alike. Any other waits until the caller is known. */
const PUBLIC_FIELDS = new Set([
  "menu",
  "menuItem",
  "popularItems",
  "hourlyOrders",
  "__typename",
  "__schema",
  "__type",
]);

/**
 * Waits, before an operation runs, for the caller it needs: a private field's cache entry is looked up by
 * viewer. An operation of public fields alone doesn't wait, so that it doesn't suffer when sessions do.
 */
export const settleCallerPlugin: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ document, operation, contextValue: { caller } }) {
        if (caller.token === undefined || isPublic(document, operation)) return;
        await caller.session().catch(() => {}); // For the fields that need it to throw.
      },
    };
  },
};

function isPublic(document: DocumentNode, operation: OperationDefinitionNode | undefined): boolean {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet]] : [],
    ),
  );
  const areAllPublic = (selections: SelectionSetNode | undefined): boolean =>
    selections?.selections.every((node) =>
      node.kind === Kind.FIELD
        ? PUBLIC_FIELDS.has(node.name.value)
        : areAllPublic(
            node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : fragments.get(node.name.value),
          ),
    ) ?? false;
  return areAllPublic(operation?.selectionSet);
}
