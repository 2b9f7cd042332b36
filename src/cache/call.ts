import type { Codec } from "./codec.js";
import type { EntrySettings } from "./entry-settings.js";
import type { LoadRunner } from "./load.js";
import type { Outage } from "./outage.js";
import type { Position } from "./position.js";
import type { Reporter } from "./reporter.js";
import type { Settings } from "./settings.js";
import type { Store } from "./store.js";
import type { Load } from "./types.js";

/** One caller's wish, checked. */
export class Call {
  readonly key: string;
  readonly entry: EntrySettings;
  readonly load: Load<unknown>;
  /**
   * The load gives a pending write (`writeBehind`). If that is not stored it leaves no pass marker: whoever meets one
   * asks for no pending write. So no marker stands for a moment at which one was pending.
   */
  readonly isPending?: boolean;

  constructor(key: string, entry: EntrySettings, load: Load<unknown>) {
    this.key = key;
    this.entry = entry;
    this.load = load;
  }
}

export interface FillParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly codec: Codec;
  readonly loads: LoadRunner;
  readonly reporter: Reporter;
  readonly outage: Outage;
  /** Called when a load begins, what it gives when it ends: how old what the load saw of the near cache may be. */
  readonly watchNear?: () => () => Position | null | undefined;
}

/** Who a call is, for events and errors. */
export function named(call: Call): { key: string; coordinate?: string } {
  const { coordinate } = call.entry;
  return coordinate === undefined ? { key: call.key } : { key: call.key, coordinate };
}
