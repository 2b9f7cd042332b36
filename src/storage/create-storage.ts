import { createCounter } from "./create-counter.js";
import { createHashRecord, indexesOf } from "./create-hash-record.js";
import { createSetGroup } from "./create-set-group.js";
import { createSortedSet, orderOf } from "./create-sorted-set.js";
import type { StorageDriver } from "./driver.js";
import { InvalidStorageValueError } from "./errors.js";
import type { Storage } from "./storage.js";

export function createStorage(driver: StorageDriver): Storage {
  return {
    hash: (name, schema, options = {}) =>
      createHashRecord(
        driver.hashes(checkName(name), indexesOf(name, schema, options)),
        name,
        schema,
        options,
      ),
    sortedSet: (name, options = {}) =>
      createSortedSet(driver.sortedSets(checkName(name), orderOf(options)), options),
    setGroup: (name, options = {}) => createSetGroup(driver.sets(checkName(name)), options),
    counter: (name, options) => createCounter(driver.counters(checkName(name)), options),
  };
}

function checkName(name: string): string {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return name;
  throw new InvalidStorageValueError(
    `A structure's name must be lower-case words joined by "-", but ${JSON.stringify(name)} came.`,
  );
}
