/** Members in one command. */
export const chunkSize = 1_000;

export function* chunks(members: readonly string[]): Generator<string[]> {
  for (let from = 0; from < members.length; from += chunkSize) {
    yield members.slice(from, from + chunkSize);
  }
}
