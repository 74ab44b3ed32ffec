/** What a process asked of the disk, and said, in order: read from the output of `strace -f -y -xx`. */

export type DiskEvent =
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'said'; readonly text: string };

/** The options that the log must be written with. */
export const straceOptions = [
  ...['-f', '-y', '-xx', '-s', '100000'],
  ...['-e', 'trace=pwrite64,write,fdatasync,fsync,ftruncate,unlink', '-e', 'signal=none'],
] as const;

const call = /^(?:\[pid +)?(\d+)\]? +(.*)$/;

/**
 * Calls in the order of their ends; those that failed are left out. A text counts from the begin of its call: it may
 * have been read before the call ended.
 */
export function* diskEvents(log: string): Generator<DiskEvent> {
  const begun = new Map<string, string>();
  for (const line of log.split('\n')) {
    const [, thread = '', text = ''] = call.exec(line) ?? [];
    const unfinished = text.indexOf(' <unfinished ...>');
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text)?.[0];
    if (unfinished !== -1) begun.set(thread, text.slice(0, unfinished));
    const whole = resumed === undefined ? text : (begun.get(thread) ?? '') + text.slice(resumed.length);
    const isSaid = whole.startsWith('write(1<');
    if (isSaid ? resumed === undefined : unfinished === -1) {
      const event = eventOf(whole);
      if (event) yield event;
    }
  }
}

function eventOf(text: string): DiskEvent | undefined {
  const said = /^write\(1<[^>]*>, "([^"]*)"/.exec(text);
  if (said) return { kind: 'said', text: bytesOf(said[1]).toString() };
  if (/= -1 /.test(text)) return undefined;
  const [, name, rest = ''] = /^(\w+)\((.*)$/.exec(text) ?? [];
  const path = bytesOf(/^\d+<([^>]*)>/.exec(rest)?.[1]).toString();
  switch (name) {
    case 'pwrite64': {
      const [, bytes, , offset] = /, "([^"]*)", (\d+), (\d+)\)/.exec(rest) ?? [];
      return { kind: 'write', path, offset: Number(offset), bytes: bytesOf(bytes) };
    }
    case 'ftruncate':
      return { kind: 'truncate', path, length: Number(/>, (\d+)\)/.exec(rest)?.[1]) };
    case 'fsync':
    case 'fdatasync':
      return { kind: 'sync', path };
    case 'unlink':
      return { kind: 'remove', path: bytesOf(/^"([^"]*)"/.exec(rest)?.[1]).toString() };
    default:
      return undefined;
  }
}

/** Of `\x6d\x30`; a text without escapes is itself. */
function bytesOf(text = ''): Buffer {
  return text.startsWith('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex') : Buffer.from(text);
}
