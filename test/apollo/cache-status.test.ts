import { expect, test } from "vitest";
import { cacheStatus } from "../../src/apollo/cache-status.js";

test.each([
  [{ hit: 33 }, 57.9, 'graphql-cached; hit; ttl=57; detail="hit=33"'],
  [{ hit: 1, stale: 2 }, 0, 'graphql-cached; hit; detail="hit=1 stale=2"'],
  [{ miss: 2 }, 60, 'graphql-cached; fwd=miss; stored; ttl=60; detail="miss=2"'],
  [{ miss: 1 }, 0, 'graphql-cached; fwd=miss; detail="miss=1"'],
  [{ waited: 1 }, 60, 'graphql-cached; fwd=miss; collapsed; ttl=60; detail="waited=1"'],
  [{ hit: 31, miss: 1 }, 12, 'graphql-cached; fwd=partial; stored; ttl=12; detail="hit=31 miss=1"'],
  [
    { miss: 1, waited: 1 },
    60,
    'graphql-cached; fwd=miss; stored; ttl=60; detail="miss=1 waited=1"',
  ],
  [{ stale: 1, miss: 1 }, 0, 'graphql-cached; fwd=partial; detail="stale=1 miss=1"'],
  [
    { hit: 1, bypassed: 1, miss: 1 },
    0,
    'graphql-cached; fwd=partial; detail="hit=1 bypassed=1 miss=1"',
  ],
  [{ bypassed: 3 }, 0, 'graphql-cached; fwd=bypass; detail="bypassed=3"'],
  [{ outage: 3 }, 0, 'graphql-cached; fwd=bypass; detail="outage=3"'],
  [{}, Number.POSITIVE_INFINITY, undefined],
])("tells %o with %d s left", (statuses, remainingSeconds, header) => {
  expect(cacheStatus({ statuses, remainingSeconds })).toBe(header);
});
