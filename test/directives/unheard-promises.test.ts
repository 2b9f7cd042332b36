import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCachedSchema, type SchemaParts } from "./support/cached-schema.js";

const fails = () => Promise.reject(new Error("the origin is down"));

/** What Node would end the process for. */
let unheard: unknown[];
const hear = (reason: unknown) => unheard.push(reason);

beforeEach(() => {
  unheard = [];
  process.on("unhandledRejection", hear);
});
afterEach(() => {
  process.off("unhandledRejection", hear);
});

describe("a promise that fails where none can be used is heard, and the field is answered", () => {
  test.each<[string, string, SchemaParts["options"]]>([
    ["in a tag", '@cached(ttl: 60, tags: ["author:{parent.author.id}"])', {}],
    ["in a key", '@cached(ttl: 60, key: "{parent.author.id}")', {}],
    ["as the viewer", "@cached(ttl: 60, scope: PRIVATE)", { viewer: fails as never }],
    ["as what varies", '@cached(ttl: 60, vary: ["tenant"])', { vary: { tenant: fails } }],
    [
      "as what varies, beside a viewer that is watched for",
      '@cached(ttl: 60, vary: ["tenant"])',
      { vary: { tenant: fails }, viewer: () => "ada" },
    ],
  ])("%s", async (_where, directive, options) => {
    const { run, problems } = createCachedSchema({
      typeDefs: `
        type Query { post: Post }
        type Post { id: ID!  author: Author  likes: Int ${directive} }
        type Author { id: ID! }
      `,
      resolvers: () => ({
        Query: { post: () => ({ id: 1, author: fails }) },
        Post: { likes: () => 3 },
      }),
      ...(options && { options }),
    });

    expect((await run("{ post { likes } }")).data).toEqual({ post: { likes: 3 } });
    await turn();
    await turn();

    expect(problems).toHaveLength(1);
    expect(unheard).toEqual([]);
  });
});
