/** Reads what a batch's write gave: an Error in the place of each write that failed. @throws TypeError */
export function readResults<Item>(results: unknown, items: readonly Item[]): Map<Item, unknown> {
  if (results === undefined || results === null) return new Map();
  if (!Array.isArray(results) || results.length !== items.length) {
    const came = Array.isArray(results) ? `${results.length} results` : typeof results;
    throw new TypeError(
      `A write must give nothing, or one result for each of its ${items.length} writes, in their order, but gave: ${came}`,
    );
  }
  const failed = items.flatMap((item, index): Array<[Item, unknown]> => {
    const result: unknown = results[index];
    return result instanceof Error ? [[item, result]] : [];
  });
  return new Map(failed);
}
