/** What a frame looks like to whoever traces; its text is made when somebody reads it. */
import type { TraceEvent } from '../trace/trace.js';
import { decodeUtf8, printEndLine, printHead, type Frame } from '../wire/msrp/frame.js';

/** Where and when it crossed the border. */
export type Crossing = Pick<TraceEvent, 'atMs' | 'direction' | 'peer' | 'key'>;

/** With `withContent` the body is shown, else its length. */
export function traceEvent(frame: Frame, crossing: Crossing, withContent: boolean): TraceEvent {
  return new FrameEvent(frame, crossing, withContent);
}

/** A class and no closure: thousands of these are kept, and each costs the garbage collector its size. */
class FrameEvent implements TraceEvent {
  readonly atMs: number;
  readonly border = 'msrp';
  readonly direction: 'in' | 'out';
  readonly peer: string;
  readonly key: string;
  private readonly head: Frame;
  private readonly bytes: number | undefined;
  private readonly shown: Buffer | undefined;

  constructor(frame: Frame, { atMs, direction, peer, key }: Crossing, withContent: boolean) {
    this.atMs = atMs;
    this.direction = direction;
    this.peer = peer;
    this.key = key;
    const body = frame.kind === 'request' ? frame.body : undefined;
    this.bytes = body?.length;
    // Whoever keeps the event must not keep a content alive that it is not to show.
    this.head = body === undefined ? frame : withoutBody(frame);
    this.shown = withContent ? body : undefined;
  }

  text(): string {
    const [head, end] = [decodeUtf8(printHead(this.head)), printEndLine(this.head)];
    if (this.bytes === undefined) return `${head}${end}`;
    return `${head}\r\n${this.shown ? this.shown.toString('utf8') : `(${this.bytes} octets)`}\r\n${end}`;
  }
}

function withoutBody(frame: Frame): Frame {
  if (frame.kind === 'response') return frame;
  const { kind, method, transactionId, toPath, fromPath, headers, flag } = frame;
  return { kind, method, transactionId, toPath, fromPath, headers, flag, body: undefined };
}
