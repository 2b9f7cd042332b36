import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { nowMs } from "./clock.js";
import type { History } from "./history.js";
import type { Origin } from "./origin.js";
import type { ToCoordinator, ToWorker, WorkerConfig } from "./protocol.js";

/** The processes under test. A name stands for one life of a process. */
export interface Fleet {
  /** Names of the processes that run. */
  running(): string[];
  start(): Promise<string>;
  /** SIGKILL. Resolves when the process is gone. */
  kill(worker: string): Promise<void>;
  /** SIGSTOP. */
  pause(worker: string): void;
  /** SIGCONT. */
  resume(worker: string): void;
  /** Lets every process end what it does, tell it and exit. */
  stop(): Promise<void>;
  /** Ends whatever still runs. */
  abandon(): void;
}

const ownWorker = new URL("worker.ts", import.meta.url);
const STOP_MS = 20_000;

/** @param entry what runs in each process */
export function createFleet<Config extends { seed: number } = Omit<WorkerConfig, "worker">>(
  config: Config,
  origin: Origin,
  history: History,
  entry = ownWorker,
): Fleet {
  const children = new Map<string, ChildProcess>();
  const killed = new Set<string>();
  let lives = 0;
  let isStopping = false;

  async function start(): Promise<string> {
    lives += 1;
    const worker = `p${lives}`;
    const child = fork(fileURLToPath(entry), [], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "json",
    });
    children.set(worker, child);
    child.on("exit", (code, signal) => {
      children.delete(worker);
      history.end(worker, nowMs());
      const expected = killed.has(worker) || (isStopping && code === 0);
      if (!expected) history.crashes.push(`${worker} ended by itself (${signal ?? code})`);
    });
    const ready = new Promise<void>((resolve) => {
      child.on("message", (message: ToCoordinator) => {
        if (message.type === "ready") resolve();
        else receive(worker, child, message);
      });
    });
    await Promise.race([ready, once(child, "exit")]);
    const own = { ...config, worker, seed: config.seed + lives * 7919 };
    post(child, { type: "start", config: own });
    return worker;
  }

  function receive(
    worker: string,
    child: ChildProcess,
    message: Exclude<ToCoordinator, { type: "ready" }>,
  ): void {
    switch (message.type) {
      case "load":
        history.beginLoad(message.begin);
        return;
      case "issue":
        history.beginIssue(message.begin);
        return;
      case "ask":
        answer(child, message.id, message.tags);
        return;
      case "write":
        origin.raise(message.raise);
        history.beginWrite(message.begin, origin.versions(message.raise));
        answer(child, message.id, message.tags);
        return;
      case "tell":
        history.hear(worker, message.atMs);
        for (const told of message.messages) history.add(told);
    }
  }

  function answer(child: ChildProcess, id: number, tags: readonly string[]): void {
    post(child, { type: "answer", id, versions: origin.versions(tags) });
  }

  return {
    running: () => [...children.keys()],
    start,
    async kill(worker) {
      const child = children.get(worker);
      if (!child) return;
      killed.add(worker);
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    pause: (worker) => children.get(worker)?.kill("SIGSTOP"),
    resume: (worker) => children.get(worker)?.kill("SIGCONT"),
    async stop() {
      isStopping = true;
      const gone = Promise.all([...children.values()].map((child) => once(child, "exit")));
      for (const child of children.values()) {
        child.kill("SIGCONT");
        post(child, { type: "stop" });
      }
      const timer = setTimeout(() => {
        for (const [worker] of children) history.crashes.push(`${worker} did not come to an end`);
        for (const child of children.values()) child.kill("SIGKILL");
      }, STOP_MS);
      await gone;
      clearTimeout(timer);
    },
    abandon() {
      isStopping = true;
      for (const [worker, child] of children) {
        killed.add(worker);
        child.kill("SIGKILL");
      }
    },
  };
}

function post(child: ChildProcess, message: ToWorker<unknown>): void {
  // A process that was just killed takes no more messages.
  if (child.connected) child.send(message, () => {});
}
