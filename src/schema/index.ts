import { readdirSync, readFileSync } from "node:fs";
import { cacheStatsResolvers } from "./cache-stats.resolvers.js";
import { customerResolvers } from "./customers.resolvers.js";
import { hourlyOrdersResolvers } from "./hourly-orders.resolvers.js";
import { inventoryResolvers } from "./inventory.resolvers.js";
import { kitchenResolvers } from "./kitchen.resolvers.js";
import { menuResolvers } from "./menu.resolvers.js";
import { orderResolvers } from "./orders.resolvers.js";
import { popularityResolvers } from "./popularity.resolvers.js";
import type { Resolvers } from "./resolvers.generated.js";
import { scalarResolvers } from "./scalars.resolvers.js";
import { segmentResolvers } from "./segments.resolvers.js";
import { sessionResolvers } from "./sessions.resolvers.js";

/** The SDL files of this folder, one a subject. The cache's directives are not among them. */
export const typeDefs: readonly string[] = readdirSync(new URL(".", import.meta.url))
  .filter((name) => name.endsWith(".graphql"))
  .sort()
  .map((name) => readFileSync(new URL(name, import.meta.url), "utf8"));

export const resolvers: Resolvers[] = [
  scalarResolvers,
  menuResolvers,
  popularityResolvers,
  hourlyOrdersResolvers,
  customerResolvers,
  orderResolvers,
  sessionResolvers,
  kitchenResolvers,
  inventoryResolvers,
  segmentResolvers,
  cacheStatsResolvers,
];
