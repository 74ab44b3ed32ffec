/** Messages out of a stream of octets, untouched; one character is one octet (latin1). */

/** The length of the first whole message in the text; 0: more must come. */
export type Framing = (text: string) => number;

export const sipFraming: Framing = (text) => {
  const blank = text.indexOf('\r\n\r\n');
  if (blank < 0) return 0;
  const length = Number(/^(?:content-length|l)[ \t]*:[ \t]*(\d+)/im.exec(text.slice(0, blank + 2))?.[1] ?? 0);
  return text.length >= blank + 4 + length ? blank + 4 + length : 0;
};

/** To the end-line of the transaction that the first line names (RFC 4975 §9). */
export const msrpFraming: Framing = (text) => {
  const transactionId = /^MSRP (\S+) /.exec(text)?.[1];
  if (transactionId === undefined) return 0;
  const end = new RegExp(`\r\n-------${transactionId.replace(/[.+]/g, String.raw`\$&`)}[$+#]\r\n`).exec(text);
  return end ? end.index + end[0].length : 0;
};

/** Octets of the body of a whole message: what {length} stands for. */
export function bodyLength(channel: 'sip' | 'msrp', text: string): number {
  const blank = text.indexOf('\r\n\r\n');
  if (blank < 0) return 0;
  if (channel === 'sip') return text.length - blank - 4;
  const transactionId = /^MSRP (\S+) /.exec(text)?.[1] ?? '';
  return text.lastIndexOf(`\r\n-------${transactionId}`) - blank - 4;
}
