import type { BreakName } from "./breaks.js";
import type { IssueBegin, LoadBegin, Message, WriteBegin } from "./history.js";

/** Where the servers are, as a process can be told. */
export type Target =
  | { readonly kind: "single"; readonly port: number }
  | { readonly kind: "sentinel"; readonly name: string; readonly ports: readonly number[] }
  | { readonly kind: "cluster"; readonly ports: readonly number[] };

export type Topology = Target["kind"];

export interface WorkerConfig {
  readonly worker: string;
  readonly seed: number;
  readonly target: Target;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly commandTimeoutMs: number;
  /** Of the near cache; absent where it is off. */
  readonly nearMaxAgeMs?: number | undefined;
  /** The safeguard to turn off. */
  readonly sabotage?: BreakName | undefined;
}

export type ToWorker<Config = WorkerConfig> =
  | { readonly type: "start"; readonly config: Config }
  | {
      readonly type: "answer";
      readonly id: number;
      readonly versions: Readonly<Record<string, number>>;
    }
  | { readonly type: "stop" };

export type ToCoordinator =
  | { readonly type: "ready" }
  /** A load begins. Wants no answer. */
  | { readonly type: "load"; readonly begin: LoadBegin }
  /** The store is asked to evict. Wants no answer. */
  | { readonly type: "issue"; readonly begin: IssueBegin }
  /** Asks the origin for versions. */
  | { readonly type: "ask"; readonly id: number; readonly tags: readonly string[] }
  /** A write begins: the origin raises `raise` and answers with the versions of `tags`. */
  | {
      readonly type: "write";
      readonly id: number;
      readonly begin: WriteBegin;
      readonly raise: readonly string[];
      readonly tags: readonly string[];
    }
  /** What happened up to `atMs`; also sent when nothing did, as a sign of life. */
  | { readonly type: "tell"; readonly atMs: number; readonly messages: readonly Message[] };
