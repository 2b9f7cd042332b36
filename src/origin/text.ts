/** PostgreSQL's text holds every character but NUL, and refuses a statement that brings one. */
export function isStorable(text: string): boolean {
  return !text.includes("\0");
}
