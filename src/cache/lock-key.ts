/** Locks are keys that no caller's key can be: those may not begin with NUL. */
export function lockKey(name: string): string {
  return `\0lock:${name}`;
}

export function isLockKey(key: string): boolean {
  return key.startsWith("\0");
}
