/** What the processes of an outage check read and evict. */
export interface KeyPlan {
  readonly key: string;
  readonly ttlSeconds: number;
  readonly tags: readonly string[];
}

/** What every key begins with. */
export const PREFIX = "outage:";

/** How long the origin takes. */
export const ORIGIN_MS = 50;
export const COMMAND_TIMEOUT_MS = 100;

const KEYS = 40;

/** Half of them expire all the time, the others live on: what an eviction fails to reach would be found in them. */
export const plans: readonly KeyPlan[] = Array.from({ length: KEYS }, (_, n) => ({
  key: `key ${n}`,
  ttlSeconds: n % 2 ? 1 : 300,
  tags: n % 5 === 4 ? [] : [`tag ${n % 10}`, `own ${n}`],
}));

export const tags: readonly string[] = [...new Set(plans.flatMap((plan) => plan.tags))];
