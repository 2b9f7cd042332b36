/** Sleep that can be ended early. A ring while nobody sleeps ends the next sleep at once. */
export interface Alarm {
  sleep(ms: number): Promise<void>;
  ring(): void;
}

export function createAlarm(): Alarm {
  let hasRung = false;
  let wake: (() => void) | undefined;

  return {
    async sleep(ms) {
      if (!hasRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          timer.unref();
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
