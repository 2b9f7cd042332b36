import type { Dice } from "./dice.js";

/** What is cached under a key, and what it is filed under. */
export interface KeyPlan {
  readonly key: string;
  readonly ttlSeconds: number;
  /** Tags known before the load. */
  readonly tags: readonly string[];
  /** Tags known only from the result; of `groups`, the result names one. */
  readonly resultTags: readonly string[];
  readonly groups: readonly string[];
  readonly staleWhileRevalidateSeconds?: number;
  readonly staleIfErrorSeconds?: number;
}

/** What every key of the fleet begins with. */
export const PREFIX = "check:";

const numbered = (count: number) => Array.from({ length: count }, (_, n) => n);
const NONE: readonly string[] = [];
const GROUPS = ["group:0", "group:1", "group:2"];

/** Read all the time, and their tags evicted all the time. */
const hot: readonly KeyPlan[] = numbered(6).map((n) => ({
  key: `hot ${n}`,
  ttlSeconds: n % 2 ? 0.6 : 5,
  tags: n === 3 ? NONE : [`hot:${n % 4}`],
  resultTags: n >= 2 ? [`result:${n}`] : NONE,
  groups: n === 5 ? GROUPS : NONE,
  ...(n === 1 && { staleWhileRevalidateSeconds: 1 }),
  ...(n === 4 && { staleIfErrorSeconds: 2 }),
}));

/** Read and filled all the time, and seldom evicted: whose fills never overlap. */
const calm: readonly KeyPlan[] = numbered(6).map((n) => ({
  key: `calm ${n}`,
  ttlSeconds: 0.25,
  tags: n < 4 ? [`calm:${n}`] : NONE,
  resultTags: NONE,
  groups: NONE,
}));

/** Seldom read, kept for long: what lives on under a version that was lost would be found here. */
const cold: readonly KeyPlan[] = numbered(300).map((n) => ({
  key: `cold ${n}`,
  ttlSeconds: 60,
  tags: n % 3 === 0 ? NONE : [`cold:${n % 20}`, "wide"],
  resultTags: n % 3 === 1 ? NONE : [`found:${n % 10}`],
  groups: NONE,
}));

export const plans: readonly KeyPlan[] = [...hot, ...calm, ...cold];

const hotTags = [...new Set(hot.flatMap(({ tags, resultTags }) => [...tags, ...resultTags]))];
const coldTags = [...new Set(cold.flatMap(({ tags, resultTags }) => [...tags, ...resultTags]))];
const calmTags = calm.flatMap(({ tags }) => tags);
export const allTags: readonly string[] = [...hotTags, ...coldTags, ...calmTags, ...GROUPS];

export function pickPlan(dice: Dice): KeyPlan {
  return dice.pick({ hot, calm, cold }[dice.weighted({ hot: 5, calm: 2, cold: 3 })]);
}

export function pickTagToEvict(dice: Dice): string {
  const tags = { hot: hotTags, groups: GROUPS, cold: coldTags, calm: calmTags };
  return dice.pick(tags[dice.weighted({ hot: 60, groups: 8, cold: 30, calm: 2 })]);
}

/** Keys that are deleted and set: not the calm ones, whose fills have nothing to overlap for. */
export function pickPlanToWrite(dice: Dice): KeyPlan {
  return dice.pick(dice.chance(0.85) ? hot : cold);
}
