import type { Redis } from "ioredis";
import { StoreUnavailableError } from "../../errors.js";
import { within } from "../within.js";

/** A connection for one transaction at a time; the others wait in the order in which they came. */
export interface Lane {
  /**
   * @param deadline when to give up, on `performance.now()`'s clock; nothing is sent after it
   * @throws StoreUnavailableError past the deadline, or without a connection
   */
  use<T>(deadline: number, work: (connection: Redis) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * @param begin a new connection that never reconnects, and the promise of its being ready for use. One is begun when
 *   the last has ended.
 */
export function createLane(begin: () => { connection: Redis; ready: Promise<void> }): Lane {
  let present: ReturnType<typeof begin> | undefined;
  let lastTurn: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  async function takeTurn<T>(
    deadline: number,
    work: (connection: Redis) => Promise<T>,
  ): Promise<T> {
    const remainingMs = deadline - performance.now();
    if (isClosed || remainingMs <= 0) {
      throw new StoreUnavailableError("A transaction must begin within its time, but did not.");
    }
    if (!present || present.connection.status === "end") present = begin();
    const { connection, ready } = present;
    try {
      return await within(
        remainingMs,
        ready.then(() => work(connection)),
      );
    } catch (error) {
      // A server that was demoted, or a transaction that goes on past its time: it must not find a connection.
      if (error instanceof StoreUnavailableError) {
        connection.disconnect();
        present = undefined;
      }
      throw error;
    }
  }

  return {
    use(deadline, work) {
      const turn = lastTurn.then(() => takeTurn(deadline, work));
      lastTurn = turn.catch(() => {});
      return turn;
    },
    close() {
      isClosed = true;
      present?.connection.disconnect();
    },
  };
}
