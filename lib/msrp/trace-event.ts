/** What a frame looks like to whoever traces; its text is made when somebody reads it. */
import type { TraceEvent } from '../trace/trace.js';
import { printHead, type Frame } from '../wire/msrp/frame.js';

/** With `withContent` the body is shown, else its length. */
export function traceEvent(
  frame: Frame,
  event: Pick<TraceEvent, 'atMs' | 'direction' | 'peer' | 'key'>,
  withContent: boolean,
): TraceEvent {
  const body = frame.kind === 'request' ? frame.body : undefined;
  const bytes = body?.length;
  // Whoever keeps the event must not keep a content alive that it is not to show.
  const shown = withContent ? body : undefined;
  const head: Frame = frame.kind === 'request' && body !== undefined ? { ...frame, body: undefined } : frame;
  const { atMs, direction, peer, key } = event;
  return { atMs, border: 'msrp', direction, peer, key, text: () => textOf(head, bytes, shown) };
}

function textOf(head: Frame, bytes: number | undefined, shown: Buffer | undefined): string {
  const text = printHead(head);
  if (bytes === undefined) return text;
  return `${text}\r\n${shown ? shown.toString('utf8') : `(${bytes} octets)`}`;
}
