import type { GraphQLResolveInfo } from "graphql";
import { describe, expect, test } from "vitest";
import type { Position } from "../../src/cache/position.js";
import { createOperations } from "../../src/directives/operations.js";
import { createProblems } from "../../src/directives/problems.js";
import { createGate } from "../support/gate.js";

type Head = Position | null | Promise<Position | null>;

const at = (n: number, epoch = 1): Position => ({ epoch, n });

/** Operations over a log whose head each test moves; a context is the list of its loaders. */
function operating() {
  const log: { head: Head } = { head: at(1) };
  const operations = createOperations(
    { position: () => log.head },
    (loaders: never) => loaders,
    createProblems(() => undefined),
  );
  const begin = async (context: unknown) => {
    const info = {
      variableValues: {},
      operation: { operation: "mutation" },
      path: { prev: undefined, key: "field", typename: "Mutation" },
    } as GraphQLResolveInfo;
    await operations.begin(context, info);
    return info;
  };
  const ageOf = async (context: unknown) => operations.of(await begin(context)).since;
  return { log, operations, begin, ageOf };
}

const loader = () => ({ clearAll: () => undefined as unknown });

describe("an operation's age", () => {
  test("is the log's head for loaders that are new, and stays theirs", async () => {
    const { log, ageOf } = operating();
    const old = loader();

    expect(await ageOf([old])).toEqual(at(1));
    log.head = Promise.resolve(at(5));
    expect(await ageOf([old])).toEqual(at(1));
    expect(await ageOf([loader()])).toEqual(at(5));
  });

  test("is that of the oldest of its loaders", async () => {
    const { log, ageOf } = operating();
    const [first, second] = [loader(), loader()];
    log.head = at(3);
    await ageOf([first]);
    log.head = Promise.resolve(at(2));
    await ageOf([second]);
    log.head = at(7);

    expect(await ageOf([first, second, loader()])).toEqual(at(2));
    expect(await ageOf([second, first])).toEqual(at(2));
    expect(await ageOf([first])).toEqual(at(3));
  });

  test("is unknown where its loaders are of another epoch, or of an unknown one", async () => {
    const { log, ageOf } = operating();
    const [lost, unknown] = [loader(), loader()];
    await ageOf([lost]);
    log.head = null;
    await ageOf([unknown]);
    log.head = at(1, 2);

    expect(await ageOf([lost])).toBeNull();
    expect(await ageOf([unknown])).toBeNull();
    expect(await ageOf([loader()])).toEqual(at(1, 2));
  });

  test("begins anew with its loaders once they are cleared, and they are once the log's head is known", async () => {
    const { log, operations, begin, ageOf } = operating();
    const gate = createGate();
    const remembered = new Set(["old"]);
    const loaders = [{ clearAll: () => remembered.clear() }];
    const info = await begin(loaders);
    log.head = gate.pass().then(() => at(4));

    const renewed = operations.renew(loaders, info);
    await gate.arrived;
    remembered.add("loaded while the head is asked for");
    expect(operations.of(info).since).toEqual(at(1));
    gate.open();
    await renewed;

    expect([...remembered]).toEqual([]);
    expect(operations.of(info).since).toEqual(at(4));
    log.head = at(9);
    expect(await ageOf(loaders)).toEqual(at(4));
  });
});
