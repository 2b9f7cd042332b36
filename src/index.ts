export * from "./cache/index.js";
export { type CacheDirectives, cacheDirectives } from "./directives/cache-directives.js";
export type { FieldOutcome, Observation, ObserveOptions } from "./directives/observations.js";
export type {
  Authorize,
  CacheDirectivesOptions,
  ClearableLoader,
} from "./directives/options.js";
export type { ResultPath, ResultPaths } from "./directives/value-path.js";
