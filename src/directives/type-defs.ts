/** The directives' SDL, to stand beside a project's own type definitions. */
export const typeDefs = /* GraphQL */ `
"""
Caches the field's result. Errors are never cached.
On an entity type of a federated graph: caches what its __resolveReference gives; {parent.*} is the reference.
"""
directive @cached(
  "Seconds a result stays fresh."
  ttl: Int!
  "Tags the entry is indexed under. Templates: {args.*}, {parent.*}, {result.*}, {viewer}; a list expands to one tag an element."
  tags: [String!] = []
  "PUBLIC: one entry for everyone. PRIVATE: one entry a viewer; with no viewer the field is not cached at all."
  scope: CacheScope = PUBLIC
  "Template of what tells two parents of a nested field apart, as {parent.sku}. Default: the parent's id; of an entity, all of its reference."
  key: String
  "What else of the context tells results apart, by the names given to cacheDirectives, as [\\"locale\\"]."
  vary: [String!] = []
  "Raise it when the resolver's code changes what it returns."
  version: Int = 1
  "True where the resolver reads the selection from info: entries are then kept apart by selection."
  bySelection: Boolean = false
  "Seconds past ttl in which a stale result may be served at once while one process refreshes it."
  staleWhileRevalidate: Int = 0
  "Seconds past ttl in which a stale result is served if the resolver throws."
  staleIfError: Int = 0
  "Seconds a null result is kept; 0 keeps none. Default: ttl."
  nullTtl: Int
) on FIELD_DEFINITION | OBJECT

"Evicts every entry filed under the tags, in every process."
directive @evictTags(
  "Tags to evict once the resolver has succeeded, before its result is returned. Templates as in @cached."
  tags: [String!]!
) on FIELD_DEFINITION

"Whom a cached result belongs to."
enum CacheScope {
  "One entry for everyone."
  PUBLIC
  "One entry a viewer."
  PRIVATE
}
`;
