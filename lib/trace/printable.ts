/** Texts of strangers for a terminal, which obeys control characters, also those that end a line or turn its direction. */

/** One line. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a1-\u2027\u202f-\u2065\u206a-\uffff]/g, '?');
}

/** Lines stay as they end; a CR alone would have what follows written over them. */
export function printableLines(text: string): string {
  return text.replace(/\r(?!\n)|[^\t\r\n\x20-\x7e\u00a1-\u2027\u202f-\u2065\u206a-\uffff]/g, '?');
}
