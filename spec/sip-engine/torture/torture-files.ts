/** The messages of RFC 4475 and RFC 5118 as files, octet by octet those of the archives in their appendices A. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve('spec/fixtures/torture');

/** Names without `.sip`, in the order of the sections. */
export function tortureNames(): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sip'));
  return files.map((name) => name.slice(0, -'.sip'.length)).sort();
}

export function tortureFile(name: string): Buffer {
  return readFileSync(resolve(folder, `${name}.sip`));
}

/** Digests by name. */
export function tortureDigests(): Readonly<Record<string, string>> {
  const lines = readFileSync(resolve(folder, 'SHA256SUMS'), 'latin1').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(66, -'.sip'.length), line.slice(0, 64)]));
}

/** As it travels. */
export function tortureMessage(name: string): Buffer {
  const bytes = tortureFile(name);
  return name.startsWith('5118-') ? onTheWire(bytes.toString('latin1')) : bytes;
}

/**
 * The archive of RFC 5118 has lines that end in LF alone, two heads without the empty line, and lengths that fit no
 * body with CRLF.
 */
function onTheWire(archived: string): Buffer {
  const [head = '', body = ''] = archived.trimEnd().split('\n\n');
  const lines = (text: string): string => text.replaceAll('\n', '\r\n');
  const text = body === '' ? '' : `${lines(body)}\r\n`;
  const counted = head.replace(/^Content-Length: \d+/m, `Content-Length: ${text.length}`);
  return Buffer.from(`${lines(counted)}\r\n\r\n${text}`, 'latin1');
}
