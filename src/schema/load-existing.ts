import type DataLoader from "dataloader";
import { NotFoundError } from "../origin/errors.js";

/** Loads what a non-null field promises. @throws NotFoundError when it has gone meanwhile. */
export async function loadExisting<T>(
  loader: DataLoader<string, T | null>,
  what: string,
  id: string,
): Promise<T> {
  const found = await loader.load(id);
  if (found === null) throw new NotFoundError(what, id);
  return found;
}
