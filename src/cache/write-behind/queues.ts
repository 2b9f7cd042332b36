import { checkKey } from "../check-values.js";
import { InvalidOptionError } from "../errors.js";
import type { WriteBehind, WriteBehindOptions } from "./types.js";
import { createWriteBehind, type WriteBehindParts } from "./write-behind.js";

/** The queues that this process has opened. */
export interface OpenQueues {
  open<T>(name: string, options: WriteBehindOptions<T>): WriteBehind<T>;
  /** What is wrong with them, a sentence each. */
  problems(): Promise<string[]>;
  close(): Promise<void>;
}

export function createOpenQueues(parts: WriteBehindParts): OpenQueues {
  const queues = new Map<string, Pick<WriteBehind<never>, "health" | "close">>();

  return {
    open(name, options) {
      checkKey(name, "A queue's name");
      if (queues.has(name)) {
        throw new InvalidOptionError(
          `A queue must be opened once in a process, but "${name}" is open already.`,
        );
      }
      const queue = createWriteBehind(parts, name, options, () => queues.delete(name));
      queues.set(name, queue);
      return queue;
    },
    async problems() {
      const problems = await Promise.all(
        [...queues].map(async ([name, queue]) => {
          const { deadLetters } = await queue.health();
          if (deadLetters === 0) return [];
          return [
            `The queue "${name}" has dead letters: ${deadLetters} writes that failed for good.`,
          ];
        }),
      );
      return problems.flat();
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
