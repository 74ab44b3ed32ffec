/** Texts of strangers for a terminal, which obeys control characters. */

/** One line. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a1-\uffff]/g, '?');
}

/** Lines stay as they end; a CR alone would have what follows written over them. */
export function printableLines(text: string): string {
  return text.replace(/\r(?!\n)|[^\t\r\n\x20-\x7e\u00a1-\uffff]/g, '?');
}
