export type { CacheReport, CoordinateReport, FieldReport } from "./cache-report.js";
export { type CachedPluginOptions, cachedPlugin } from "./cached-plugin.js";
export { type Cdn, type CdnOptions, createCdn } from "./cdn.js";
