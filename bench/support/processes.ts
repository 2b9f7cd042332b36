import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** Processes of one worker program, which get orders and report: an order each, a report each. */
export interface Processes<Order, Report> extends AsyncDisposable {
  /** Sends every process its order and waits for the report of each. */
  run(orderOf: (process: number) => Order): Promise<Report[]>;
}

/** Starts `count` processes of `program` and waits until each has reported that it is ready. */
export async function startProcesses<Order extends object, Report>(
  count: number,
  program: URL,
  args: readonly string[],
): Promise<Processes<Order, Report>> {
  // The loader that runs this TypeScript runs the workers' too, since they inherit our `execArgv`.
  const children = Array.from({ length: count }, () => fork(program, [...args]));
  await Promise.all(children.map(nextMessage));
  return {
    run: (orderOf) =>
      Promise.all(
        children.map((child, index) => {
          const report = nextMessage(child) as Promise<Report>;
          child.send(orderOf(index));
          return report;
        }),
      ),
    async [Symbol.asyncDispose]() {
      const ended = children.map((child) => child.exitCode === null && once(child, "exit"));
      for (const child of children) child.disconnect();
      await Promise.all(ended);
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  try {
    const ended = once(child, "exit", { signal: over.signal }).then(() => {
      throw new Error(`A worker ended with code ${child.exitCode ?? child.signalCode}.`);
    });
    const [message] = await Promise.race([once(child, "message", { signal: over.signal }), ended]);
    return message;
  } finally {
    over.abort();
  }
}

/** The worker's side: says that it is ready, carries out each order, and ends with its parent. */
export function work<Order, Report>(
  carryOut: (order: Order) => Promise<Report>,
  close: () => Promise<void>,
): void {
  process.on("message", (order) => {
    carryOut(order as Order).then(
      (report) => process.send?.(report),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.once("disconnect", () => {
    close().finally(() => process.exit());
  });
  process.send?.("ready");
}
