/** Where the truth is: a version for every tag, which only grows. */
export interface Origin {
  versions(tags: readonly string[]): Record<string, number>;
  raise(tags: readonly string[]): void;
}

export function createOrigin(): Origin {
  const byTag = new Map<string, number>();
  return {
    versions: (tags) => Object.fromEntries(tags.map((tag) => [tag, byTag.get(tag) ?? 0])),
    raise(tags) {
      for (const tag of tags) byTag.set(tag, (byTag.get(tag) ?? 0) + 1);
    },
  };
}
