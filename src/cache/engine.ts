import { createBareLoads } from "./bare-load.js";
import { Call } from "./call.js";
import { checkKey, wrong } from "./check-values.js";
import { createDeliveries } from "./deliveries.js";
import { EntrySettings } from "./entry-settings.js";
import { CacheClosedError, StoreUnavailableError } from "./errors.js";
import { createEvictions } from "./evictions.js";
import { Flights } from "./flights.js";
import { createLoadRunner } from "./load.js";
import { createLoadLimit } from "./load-limit.js";
import { createLookups } from "./lookup.js";
import { openNear } from "./open-near.js";
import { codecFor } from "./open-store.js";
import { createOutage } from "./outage.js";
import { createReads } from "./reads.js";
import { createReporter } from "./reporter.js";
import { createSetter } from "./set.js";
import type { Settings } from "./settings.js";
import { createStaleIfError } from "./stale-if-error.js";
import type { Store } from "./store.js";
import type { EntryOptions, Load } from "./types.js";
import { createUndelivered } from "./undelivered.js";
import { rememberReleases } from "./unreleased.js";
import { createWaitingRooms } from "./waiting-rooms.js";
import { createOpenQueues } from "./write-behind/queues.js";
import { createWriteThrough } from "./write-through.js";

/** The parts of a cache, put together. */
export type Engine = ReturnType<typeof createEngine>;

const PROMOTED =
  "The server must have every eviction before it is trusted, but was promoted, or restarted, and may lack the last.";

export function createEngine(given: Store, settings: Settings) {
  const unreleased = rememberReleases(given, settings.leaseMs, () => outage.isOn);
  const { store } = unreleased;
  const reporter = createReporter();
  if (settings.onEvent) reporter.listen(settings.onEvent);
  const codec = codecFor(store, settings);
  const limit = createLoadLimit(settings.maxConcurrentLoads, settings.loadTimeoutMs);
  const loads = createLoadRunner(limit, settings.loadTimeoutMs);
  const undelivered = createUndelivered();
  const { near, stream, watchNear } = openNear(store, codec, settings);
  const rooms = createWaitingRooms(store, settings.commandTimeoutMs);
  const evictions = createEvictions(store);
  const outage = createOutage({
    store,
    evictions,
    undelivered,
    unreleased,
    reporter,
    breakerOpenMs: settings.breakerOpenMs,
    onBegin(error) {
      outageLoads.evicted.addEverything();
      rooms.leaveAll(error);
    },
  });
  const steps = { settings, store, codec, loads, reporter, outage };
  const fillParts = { ...steps, ...(watchNear && { watchNear }) };
  const bareLoads = createBareLoads(fillParts);
  const outageLoads = createBareLoads(fillParts);
  const reads = createReads({ ...fillParts, near });
  const lookups = createLookups({
    ...fillParts,
    read: reads.read,
    rooms,
    flights: new Flights(),
    bareLoads,
    outageLoads,
  });
  const find = createStaleIfError({ ...fillParts, near }, lookups.find);
  const setValue = createSetter(fillParts);
  const deliveries = createDeliveries({
    evictions,
    undelivered,
    outage,
    reporter,
    near,
    outageLoads: outageLoads.evicted,
  });
  const writeParts = { ...fillParts, near, evict: deliveries.evict, delete: deliveries.delete };
  const writeThrough = createWriteThrough({
    ...writeParts,
    writes: createLoadRunner(limit, settings.loadTimeoutMs, "write"),
  });
  const queues = createOpenQueues({
    ...writeParts,
    // Its own, since a batch under way is not ended with the cache: the cache waits for it.
    writes: createLoadRunner(limit, settings.loadTimeoutMs, "write"),
    open: (key, entryOptions, value) => open(key, entryOptions, () => value),
  });
  let closing: Promise<void> | undefined;

  store.onPromotion?.((lostAtMs) => {
    evictions.passOn(lostAtMs, undelivered);
    unreleased.suspect();
    if (undelivered.size > 0) outage.begin(new StoreUnavailableError(PROMOTED));
  });

  /** What a caller asks for, checked. */
  function open<T>(key: string, entryOptions: EntryOptions, load: Load<T>): Call {
    checkOpen();
    checkKey(key);
    const entry = new EntrySettings(entryOptions);
    if (typeof load !== "function") throw wrong("load", "a function", load);
    return new Call(key, entry, load);
  }

  function checkOpen(): void {
    if (closing) throw new CacheClosedError("The cache must be open, but it was closed.");
  }

  /** One promise for all who close it: none is told that it has ended before it has. */
  function close(): Promise<void> {
    // Not at once: what the close aborts may close it as well.
    closing ??= Promise.resolve().then(closeAll);
    return closing;
  }

  async function closeAll(): Promise<void> {
    unreleased.close();
    stream?.close();
    loads.close();
    await Promise.all([writeThrough.close(), queues.close()]);
    // Once more, since nobody else knows of them: a short program's first may have come before its connection did.
    await undelivered.deliver(evictions).catch(() => {});
    outage.close();
    evictions.close();
    await store.close();
  }

  return {
    store,
    reporter,
    outage,
    undelivered,
    evictions,
    deliveries,
    rooms,
    near,
    stream,
    reads,
    refreshEarly: lookups.refreshEarly,
    find,
    setValue,
    writeThrough,
    queues,
    open,
    checkOpen,
    get isClosed() {
      return closing !== undefined;
    },
    close,
  };
}
