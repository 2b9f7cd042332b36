/**
 * PostgreSQL's text holds every character but NUL, and refuses a statement that brings one. A lone half of a surrogate
 * pair is no character: it would become another on its way there, and not be found again.
 */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
