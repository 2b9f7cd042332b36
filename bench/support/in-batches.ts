/** Runs something for 0, 1, … `count - 1`, so many at a time. */
export async function inBatches(
  count: number,
  run: (index: number) => Promise<unknown>,
  atOnce = 250,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
