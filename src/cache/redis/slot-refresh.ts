import type { Cluster } from "ioredis";
import { asStoreError } from "./reply-error.js";

/**
 * The client learns anew who serves which slots whenever it was redirected, and goes on meanwhile.
 *
 * @returns the same, to be done at our own wish, without telling
 */
export function hookSlotRefresh(cluster: Cluster, onRefresh: () => void): () => Promise<void> {
  const refresh = cluster.refreshSlotsCache.bind(cluster);
  cluster.refreshSlotsCache = (callback) => {
    refresh(callback);
    onRefresh();
  };
  return () =>
    new Promise((resolve, reject) => {
      refresh((error) => {
        if (error) reject(asStoreError(error));
        else resolve();
      });
    });
}
