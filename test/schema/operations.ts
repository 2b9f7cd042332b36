/** Every operation of the API once, with variables that it takes. */
export interface Operation {
  /** As `Query.menu`. */
  coordinate: string;
  who: "anybody" | "customer" | "staff";
  query: string;
  variables: Record<string, unknown>;
  /** By variable: values that are to be refused, besides null and none where it must be given. */
  bad: Record<string, readonly unknown[]>;
}

const long = "x".repeat(20_000);
const wrongTypes = [true, { a: 1 }, [["x"]]];
const badId = ["", "no-such", "\0", -1, 0, 2 ** 53, 1.5, long, ...wrongTypes];
const badText = ["\0", "", long, 7, ...wrongTypes];
const badCount = [0, -1, -(2 ** 31), 1_000_001, 2 ** 31, 1e308, 1.5, "1", true, { a: 1 }];

export const operations: readonly Operation[] = [
  anybody(
    "Query.menu",
    "{ menu { id name category ingredients available timesOrdered sizes { id size price item { id } } } }",
  ),
  anybody("Query.menuItem", '{ menuItem(id: "harbour") { id } }'),
  anybody("Query.me", "{ me { id name email memberSince } }"),
  anybody(
    "Query.session",
    "{ session { customer { id } cart { quantity size { id } } preferences { language vegetarian favouriteItems { id } } loginTime lastActivity } }",
  ),
  anybody("Query.order", '{ order(id: "1") { id } }'),
  anybody("Query.popularItems", "{ popularItems { timesOrdered item { id } } }"),
  {
    coordinate: "Query.hourlyOrders",
    who: "anybody",
    query: `query ($date: Date) { today: hourlyOrders { hour orders } hourlyOrders(date: $date) { hour orders } }`,
    variables: { date: "2015-01-31" },
    bad: {
      date: ["", "0000-01-01", "2015-02-30", "31.1.2015", "2015-01-31T00:00:00Z", 7, true, {}],
    },
  },
  customer(
    "Query.orders",
    "{ orders { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id total placedAt readyAt status lines { quantity unitPrice size { id } } customer { id } } } } }",
  ),
  staff(
    "Query.kitchenQueue",
    "{ kitchenQueue { priority queuedAt station startedAt order { id } } }",
  ),
  staff("Query.inventory", "{ inventory { name stock } }"),
  staff("Query.segment", '{ segment(name: "vip") { name size customers { id } } }'),
  staff("Query.segmentOverlap", '{ segmentOverlap(names: ["vip", "vegan"]) { id } }'),
  staff(
    "Query.campaign",
    '{ campaign(id: "summer") { id segments targetCount customers { id } } }',
  ),
  staff(
    "Query.cacheStats",
    "{ cacheStats { hits nearHits staleHits misses fills waits evictions errors entries hitRatio } }",
  ),
  {
    coordinate: "Mutation.signUp",
    who: "anybody",
    query: `mutation ($name: String!, $email: String!, $password: String!) {
      signUp(name: $name, email: $email, password: $password) { token session { loginTime } } }`,
    variables: { name: "Bea", email: "bea@example.org", password: "12345678" },
    bad: {
      name: badText,
      email: ["no address", "bea@example.org\0", ...badText],
      password: ["1234567", "x".repeat(201), 12345678, ...wrongTypes],
    },
  },
  {
    coordinate: "Mutation.signIn",
    who: "anybody",
    query: `mutation ($email: String!, $password: String!) {
      signIn(email: $email, password: $password) { token session { loginTime } } }`,
    variables: { email: "bea@example.org", password: "12345678" },
    bad: { email: ["", "\0", long, 7], password: ["", "wrong password", long, 7] },
  },
  {
    coordinate: "Mutation.addToCart",
    who: "customer",
    query: `mutation ($sizeId: ID!, $quantity: Int!) {
      addToCart(sizeId: $sizeId, quantity: $quantity) { cart { quantity size { id } } } }`,
    variables: { sizeId: "harbour-s", quantity: 2 },
    bad: { sizeId: badId, quantity: [101, ...badCount] },
  },
  {
    coordinate: "Mutation.removeFromCart",
    who: "customer",
    query: "mutation ($sizeId: ID!) { removeFromCart(sizeId: $sizeId) { cart { quantity } } }",
    variables: { sizeId: "harbour-m" },
    bad: { sizeId: badId },
  },
  {
    coordinate: "Mutation.setPreferences",
    who: "customer",
    query: `mutation ($language: String, $vegetarian: Boolean, $favouriteItems: [ID!]) {
      setPreferences(language: $language, vegetarian: $vegetarian, favouriteItems: $favouriteItems) {
        preferences { language vegetarian favouriteItems { id } } } }`,
    variables: { language: "en-GB", vegetarian: true, favouriteItems: ["harbour"] },
    bad: {
      language: ["not a language", ...badText],
      vegetarian: ["yes", 1, {}],
      favouriteItems: [
        ["no-such"],
        [null],
        ["\0"],
        [""],
        [1.5],
        Array(51)
          .fill("")
          .map((_, i) => `i${i}`),
      ],
    },
  },
  {
    coordinate: "Mutation.placeOrder",
    who: "customer",
    query: "mutation ($key: ID) { placeOrder(idempotencyKey: $key) { id status total } }",
    variables: { key: "once" },
    bad: { key: ["", "\0", "k".repeat(201), long, 1.5, ...wrongTypes] },
  },
  {
    coordinate: "Mutation.setPriority",
    who: "staff",
    query: `mutation ($orderId: ID!, $priority: Int!) {
      setPriority(orderId: $orderId, priority: $priority) { priority order { id } } }`,
    variables: { orderId: "1", priority: 3 },
    bad: {
      orderId: badId,
      priority: [1_000_001, -1_000_001, 2 ** 31, -(2 ** 31) - 1, 1.5, "1", true],
    },
  },
  {
    coordinate: "Mutation.claimNextTicket",
    who: "staff",
    query:
      "mutation ($station: String!) { claimNextTicket(station: $station) { station order { id } } }",
    variables: { station: "oven" },
    bad: { station: ["   ", "x".repeat(101), ...badText] },
  },
  {
    coordinate: "Mutation.completeTicket",
    who: "staff",
    query: "mutation ($orderId: ID!) { completeTicket(orderId: $orderId) { id status readyAt } }",
    variables: { orderId: "1" },
    bad: { orderId: badId },
  },
  {
    coordinate: "Mutation.setPrice",
    who: "staff",
    query:
      "mutation ($sizeId: ID!, $price: Money!) { setPrice(sizeId: $sizeId, price: $price) { id } }",
    variables: { sizeId: "harbour-s", price: "12.34" },
    bad: {
      sizeId: badId,
      price: [
        "0",
        "0.00",
        "-1.00",
        "1e3",
        "1.234",
        "10000.01",
        "99999999.99",
        "",
        "abc",
        12,
        long,
        {},
      ],
    },
  },
  {
    coordinate: "Mutation.setAvailability",
    who: "staff",
    query: `mutation ($itemId: ID!, $available: Boolean!) {
      setAvailability(itemId: $itemId, available: $available) { id available } }`,
    variables: { itemId: "harbour", available: true },
    bad: { itemId: badId, available: ["yes", 1, {}] },
  },
  {
    coordinate: "Mutation.restock",
    who: "staff",
    query: `mutation ($ingredient: ID!, $quantity: Int!) {
      restock(ingredient: $ingredient, quantity: $quantity) { name stock } }`,
    variables: { ingredient: "Basil", quantity: 5 },
    bad: { ingredient: badId, quantity: badCount },
  },
  {
    coordinate: "Mutation.addToSegment",
    who: "staff",
    query: `mutation ($customerId: ID!, $segment: String!) {
      addToSegment(customerId: $customerId, segment: $segment) { name size customers { id } } }`,
    variables: { customerId: "$customer", segment: "vip" },
    bad: { customerId: badId, segment: badText },
  },
  {
    coordinate: "Mutation.createCampaign",
    who: "staff",
    query: `mutation ($id: ID!, $segments: [String!]!) {
      createCampaign(id: $id, segments: $segments) { id segments targetCount } }`,
    variables: { id: "summer", segments: ["vip"] },
    bad: {
      id: ["", "\0", long, 1.5, ...wrongTypes],
      segments: [
        [],
        ["no-such"],
        [""],
        ["\0"],
        [null],
        [7],
        {},
        Array(21)
          .fill("")
          .map((_, i) => `s${i}`),
      ],
    },
  },
  {
    coordinate: "Mutation.evictTags",
    who: "staff",
    query: "mutation ($tags: [String!]!) { evictTags(tags: $tags) }",
    variables: { tags: ["menu"] },
    bad: { tags: [[], [""], [null], [7], [long], {}, Array(101).fill("a")] },
  },
  {
    coordinate: "Mutation.signOut",
    who: "anybody",
    query: "mutation { signOut }",
    variables: {},
    bad: {},
  },
  {
    coordinate: "Mutation.signOutEverywhere",
    who: "anybody",
    query: "mutation { signOutEverywhere }",
    variables: {},
    bad: {},
  },
];

function anybody(coordinate: string, query: string): Operation {
  return { coordinate, who: "anybody", query, variables: {}, bad: {} };
}
function customer(coordinate: string, query: string): Operation {
  return { coordinate, who: "customer", query, variables: {}, bad: {} };
}
function staff(coordinate: string, query: string): Operation {
  return { coordinate, who: "staff", query, variables: {}, bad: {} };
}
