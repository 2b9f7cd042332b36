export * from "./cache/index.js";
export { type CacheDirectives, cacheDirectives } from "./directives/cache-directives.js";
export type { CacheDirectivesOptions } from "./directives/options.js";
