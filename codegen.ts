import type { CodegenConfig } from "@graphql-codegen/cli";
import { typeDefs } from "./src/directives/type-defs.js";

/** Resolver types from the SDL. `graphql-codegen --check` fails where the generated file is stale. */
const config: CodegenConfig = {
  schema: ["src/schema/*.graphql", typeDefs],
  generates: {
    "src/schema/resolvers.generated.ts": {
      plugins: ["typescript", "typescript-resolvers"],
      config: {
        contextType: "../context.js#Context",
        useTypeImports: true,
        importExtension: ".js",
        enumsAsTypes: true,
        strictScalars: true,
        scalars: {
          ID: { input: "string", output: "string" },
          Date: "string",
          DateTime: "Date",
          Money: "bigint",
        },
        mappers: {
          MenuItem: "../origin/rows.js#MenuItemRow",
          MenuItemSize: "../origin/rows.js#SizeRow",
          Customer: "../origin/rows.js#CustomerRow",
          Order: "../origin/rows.js#OrderRow",
          OrderLine: "../origin/rows.js#OrderLineRow",
          PopularItem: "../origin/rows.js#PopularItemRow",
          KitchenTicket: "../origin/rows.js#KitchenTicketRow",
          HourlyOrders: "../origin/rows.js#HourlyOrdersRow",
          Segment: "{ name: string }",
          Campaign: "../origin/rows.js#CampaignRow",
          Ingredient: "../origin/rows.js#IngredientRow",
          OrderConnection: "../origin/orders.js#OrderPage",
          OrderEdge: "OrderPage['edges'][number]",
          Session: "../services/sessions.js#Session as SessionModel",
          Preferences: "../services/preferences.js#Preferences as PreferencesModel",
          CartLine: "../services/sessions.js#CartLine as CartLineModel",
        },
      },
    },
  },
};

export default config;
