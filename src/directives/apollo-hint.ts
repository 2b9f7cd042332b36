import type { GraphQLResolveInfo } from "graphql";

interface Hint {
  maxAge: number;
  scope: "PUBLIC" | "PRIVATE";
}

/** What Apollo Server puts on `info` while its cache-control plugin is on. */
interface InfoWithCacheControl extends GraphQLResolveInfo {
  cacheControl?: { cacheHint?: { restrict?(hint: Hint): void } };
}

/**
 * Tells Apollo's cache policy how long this answer stays fresh, in whole seconds. Restricts and never widens, so
 * a stricter `@cacheControl` of the project's own stands.
 */
export function hintApollo(
  info: GraphQLResolveInfo,
  answer: { readonly remainingSeconds: number },
  isPrivate: boolean,
): void {
  (info as InfoWithCacheControl).cacheControl?.cacheHint?.restrict?.({
    maxAge: Math.floor(answer.remainingSeconds),
    scope: isPrivate ? "PRIVATE" : "PUBLIC",
  });
}
