/** Splits in two about equal parts, in order, without tearing a group apart. What has no group stands alone. */
export function halvesOf<Item extends { readonly group: object | undefined }>(
  items: readonly Item[],
): [first: Item[], second: Item[]] {
  const middle = items.length >> 1;
  const first = items.slice(0, middle);
  const second = items.slice(middle);
  const begun = new Set(first.map(({ group }) => group));
  begun.delete(undefined);
  if (begun.size === 0) return [first, second];
  const hasBegun = ({ group }: Item) => begun.has(group);
  return [[...first, ...second.filter(hasBegun)], second.filter((item) => !hasBegun(item))];
}
