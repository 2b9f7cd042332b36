/** Names by when they are due, to the second: who looks for those that are walks past no others. */
export interface DueList {
  add(name: string, atMs: number): void;
  /** @param atMs as it was added */
  remove(name: string, atMs: number): void;
  /** Takes out those that are due. */
  take(nowMs: number): string[];
}

/** @param beganAtMs nothing is due before */
export function createDueList(beganAtMs: number): DueList {
  const bySecond = new Map<number, Set<string>>();
  let next = Math.floor(beganAtMs / 1000);

  return {
    add(name, atMs) {
      const second = secondOf(atMs);
      const names = bySecond.get(second);
      if (names) names.add(name);
      else bySecond.set(second, new Set([name]));
    },
    remove(name, atMs) {
      const second = secondOf(atMs);
      const names = bySecond.get(second);
      if (names?.delete(name) && names.size === 0) bySecond.delete(second);
    },
    take(nowMs) {
      const due: string[] = [];
      for (; next * 1000 <= nowMs; next += 1) {
        for (const name of bySecond.get(next) ?? []) due.push(name);
        bySecond.delete(next);
      }
      return due;
    },
  };
}

/** The first whole second by which it is due. */
function secondOf(atMs: number): number {
  return Math.ceil(atMs / 1000);
}
