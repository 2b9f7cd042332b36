import { StorageUnavailableError } from "../storage/index.js";
import { SessionUnavailableError } from "./errors.js";

/** Says of a storage out of reach what it means to callers. Everything else is thrown as it is. */
export async function needsSessions<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StorageUnavailableError) throw new SessionUnavailableError(error);
    throw error;
  }
}
