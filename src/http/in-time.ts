const LIMIT_MS = 2_000;

/** undefined when it takes longer than two seconds: those who watch over this process do not wait for long. */
export function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS, undefined);
  });
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}
