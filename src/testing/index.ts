export { expectWarmEqualsCold } from "./expect-warm-equals-cold.js";
export type { Compared, ExpectOptions, TestOperation } from "./types.js";
export { type Difference, WarmDiffersError } from "./warm-differs-error.js";
