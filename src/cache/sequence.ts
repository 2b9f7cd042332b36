let last = 0;

/**
 * Orders what this process sends: a read with a lower number than a lease was sent before it, so whatever is loaded
 * under the lease is no older than the read.
 */
export function nextSequence(): number {
  last += 1;
  return last;
}
