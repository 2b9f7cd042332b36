import { Kind, parse } from "graphql";
import { expect, test } from "vitest";
import { authorize } from "../../src/schema/authorize.js";
import { typeDefs } from "../../src/schema/index.js";

/** A tag that needs neither a result nor a viewer: whoever may ask for its mutation evicts it. */
const isAnybodys = (tag: string) => !/\{(result|viewer)\b/.test(tag);

test("whoever evicts a tag that hangs on no result is asked who they are first", () => {
  const open: string[] = [];
  for (const definition of typeDefs.flatMap((sdl) => parse(sdl).definitions)) {
    if (
      definition.kind !== Kind.OBJECT_TYPE_EXTENSION &&
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION
    )
      continue;
    for (const { name, directives = [] } of definition.fields ?? []) {
      const coordinate = `${definition.name.value}.${name.value}`;
      const evicted = directives.filter((directive) => directive.name.value === "evictTags");
      const tags = evicted.flatMap(({ arguments: [given] = [] }) =>
        given?.value.kind === Kind.LIST ? given.value.values : [],
      );
      const texts = tags.map((tag) => (tag.kind === Kind.STRING ? tag.value : ""));
      if (texts.some(isAnybodys)) open.push(coordinate);
    }
  }
  expect(open.length).toBeGreaterThan(0);
  expect(Object.keys(authorize)).toEqual(expect.arrayContaining(open));
});
