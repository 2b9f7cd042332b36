/** Every wrapper and nesting, behind objects, interfaces and unions, cached in every way. */
export const typeDefs = /* GraphQL */ `
  scalar Any
  scalar Moment
  enum Size { S L }
  input Filter { id: ID!, sizes: [Size!] = [S], at: Moment, deep: Filter }

  interface Node {
    id: ID!
    value: Any
    values: [Any]
    next: Node
    computed(plus: Int = 1): Any
  }
  type Leaf implements Node {
    id: ID!
    value: Any
    values: [Any]
    grid: [[Any!]]
    needed: Any!
    inner: Inner
    inners: [Inner!]
    next: Node @cached(ttl: 60, tags: ["node:{result.id}", "after:{parent.id}"])
    computed(plus: Int = 1): Any @cached(ttl: 60, tags: ["node:{parent.id}"])
    secret: Any @cached(ttl: 60, scope: PRIVATE, tags: ["node:{parent.id}", "secrets:{viewer}"])
    siblings(first: Int): [Node] @cached(ttl: 60, tags: ["nodes", "node:{result.id}"])
  }
  type Branch implements Node {
    id: ID!
    code: String
    value: Any
    values: [Any]
    needed: Any!
    thing: Thing
    next: Node
    computed(plus: Int = 1): Any @cached(ttl: 60, key: "{parent.code}", tags: ["node:{parent.id}"])
    greeting(size: Size = S): Any @cached(ttl: 60, vary: ["locale"], tags: ["node:{parent.id}"])
    filtered(filter: Filter): [Node] @cached(ttl: 60, tags: ["nodes", "node:{args.filter.id}", "node:{result.id}"])
  }
  type Inner {
    id: ID!
    value: Any
    needed: Any!
    outer: Node
    doubled: Any @cached(ttl: 60, tags: ["node:{parent.id}"])
  }
  union Thing = Leaf | Inner

  type Query {
    node(id: ID!): Node @cached(ttl: 60, tags: ["node:{args.id}"])
    same: Query!
    required(id: ID!): Node! @cached(ttl: 60, tags: ["node:{args.id}"], nullTtl: 0)
    nodes(ids: [ID]): [Node] @cached(ttl: 60, tags: ["nodes", "node:{result.id}"], staleIfError: 60)
    all: [Node!] @cached(ttl: 60, tags: ["nodes", "node:{result.id}"])
    promised(ids: [ID!]!): [Node] @cached(ttl: 60, tags: ["nodes", "node:{result.id}"])
    value(id: ID!): Any @cached(ttl: 60, tags: ["node:{args.id}"])
    values(filter: Filter!): [Any] @cached(ttl: 60, tags: ["node:{args.filter.id}"])
    thing(id: ID!): Thing @cached(ttl: 60, tags: ["node:{args.id}"])
    things: [Thing] @cached(ttl: 60, tags: ["nodes"])
    mine(id: ID!): Node @cached(ttl: 60, scope: PRIVATE, tags: ["node:{args.id}"])
    greeting(id: ID!): Any @cached(ttl: 60, vary: ["locale"], tags: ["node:{args.id}"])
    selected(id: ID!): Leaf @cached(ttl: 60, bySelection: true, tags: ["node:{args.id}"])
    plain(id: ID!): Node
  }
  type Mutation {
    advance(id: ID!): Node @evictTags(tags: ["node:{args.id}", "after:{args.id}", "nodes"])
    advanceAll(ids: [ID!]!): [Node] @evictTags(tags: ["node:{args.ids}", "nodes"])
    fail(id: ID!): Any @evictTags(tags: ["node:{args.id}", "after:{args.id}", "nodes"])
    forget(id: ID!): Any @evictTags(tags: ["viewer:{args.id}"])
  }
`;
