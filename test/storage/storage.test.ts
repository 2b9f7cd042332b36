import { storageKinds } from "../support/storages.js";
import { describeStorage } from "./storage-conformance.js";

for (const storageKind of storageKinds) describeStorage(storageKind);
