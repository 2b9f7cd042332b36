import type { Database } from "../origin/database.js";
import { listenToTickets } from "../origin/kitchen.js";
import type { KitchenTicketRow } from "../origin/rows.js";
import { KitchenUnavailableError, ServerBusyError } from "./errors.js";
import { createEventQueue, type EventQueue } from "./event-queue.js";

/** What happens to the kitchen's tickets, in whichever process, told by PostgreSQL once it is committed. */
export interface KitchenEvents {
  /**
   * Each ticket as it was when it was queued, claimed, given back, completed or given a priority, from here on.
   * Ends with KitchenUnavailableError when events may have been missed, and with ServerBusyError for who reads too
   * slowly: subscribe anew, and read the queue.
   *
   * @throws KitchenUnavailableError
   */
  tickets(): Promise<AsyncIterableIterator<KitchenTicketRow>>;
  /** How many read in this process. */
  readonly subscribers: number;
  /** Ends all that is subscribed. */
  close(): Promise<void>;
}

const maxWaiting = 1_000;

export function createKitchenEvents(database: Pick<Database, "listen">): KitchenEvents {
  const queues = new Set<EventQueue<KitchenTicketRow>>();
  /** One for all, kept until it is lost. */
  let listening: Promise<() => Promise<void>> | undefined;

  function listen(): Promise<() => Promise<void>> {
    const lost = (error?: Error) => {
      if (listening === started) listening = undefined;
      for (const queue of queues) queue.fail(new KitchenUnavailableError(error));
    };
    const ticket = (event: KitchenTicketRow) => {
      for (const queue of queues) queue.push(event);
    };
    const started = listenToTickets(database, { ticket, lost });
    return started;
  }

  return {
    get subscribers() {
      return queues.size;
    },
    async tickets() {
      listening ??= listen();
      const started = listening;
      try {
        await started;
      } catch (error) {
        if (listening === started) listening = undefined;
        throw new KitchenUnavailableError(error);
      }
      // Lost again, or closed, before we are among those who are told of that.
      if (listening !== started) throw new KitchenUnavailableError();
      const queue = createEventQueue<KitchenTicketRow>({
        maxWaiting,
        tooSlow: () => new ServerBusyError(),
        onEnd: () => queues.delete(queue),
      });
      queues.add(queue);
      return queue;
    },
    async close() {
      const stop = await listening?.catch(() => undefined);
      listening = undefined;
      for (const queue of queues) await queue.return();
      await stop?.();
    },
  };
}
