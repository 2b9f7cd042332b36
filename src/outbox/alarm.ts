/** Sleep that can be ended early. A ring while nobody sleeps ends the next sleep at once. */
export interface Alarm {
  sleep(ms: number): Promise<void>;
  ring(): void;
}

/** `holdsProcess`: whoever sleeps must wake up, even if nothing else is left to do. Default false. */
export function createAlarm({ holdsProcess = false } = {}): Alarm {
  let hasRung = false;
  let wake: (() => void) | undefined;

  return {
    async sleep(ms) {
      if (!hasRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          if (!holdsProcess) timer.unref();
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      hasRung = false;
      wake = undefined;
    },
    ring() {
      hasRung = true;
      wake?.();
    },
  };
}
