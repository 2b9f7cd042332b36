import { clusterKind, storageKinds } from "../support/storages.js";
import { describeStorage } from "./storage-conformance.js";

for (const storageKind of [...storageKinds, clusterKind]) describeStorage(storageKind);
