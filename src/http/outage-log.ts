/** One warning for each outage of Redis and one line at its end, whoever notices it. */
export interface OutageLog {
  /** `lastingMs`: tell of it only if it lasts so long. Default 0: at once. */
  begin(witness: string, message: string, options?: { lastingMs?: number }): void;
  /** The outage is over when no witness is left, and none comes for `settleMs`. */
  end(witness: string): void;
  close(): void;
}

/** Connections come back one after another: the one that is still away belongs to the same outage. */
export function createOutageLog(
  log: { warn(message: string): void; info(message: string): void },
  { settleMs = 1_000 }: { settleMs?: number } = {},
): OutageLog {
  const witnesses = new Set<string>();
  let isTold = false;
  let timer: NodeJS.Timeout | undefined;

  function tell(message: string): void {
    isTold = true;
    log.warn(message);
  }

  function tellEnd(): void {
    isTold = false;
    log.info("Redis answers again");
  }

  return {
    begin(witness, message, { lastingMs = 0 } = {}) {
      witnesses.add(witness);
      clearTimeout(timer);
      if (isTold) return;
      if (lastingMs === 0) tell(message);
      else timer = setTimeout(tell, lastingMs, message).unref();
    },
    end(witness) {
      if (!witnesses.delete(witness) || witnesses.size > 0) return;
      clearTimeout(timer);
      if (isTold) timer = setTimeout(tellEnd, settleMs).unref();
    },
    close: () => clearTimeout(timer),
  };
}
