/** What a session does with a SEND: the answer to each chunk, the whole messages to the application (RFC 4975 §7.2, §7.3). */
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import { DecodeError } from '../wire/decode-error.js';
import { parseByteRange, type ByteRange } from '../wire/msrp/byte-range.js';
import { headerOf, type Request } from '../wire/msrp/frame.js';
import { reportFlagsOf, type ReportFlags } from '../wire/msrp/report-flags.js';
import { typeIsAccepted } from '../wire/sdp/negotiate.js';
import type { InboundMessage, SessionDelegate } from './api.js';
import { ChunkAssembler, type AssemblyBudget, type AssemblyLimits, type Chunk } from './chunk-assembler.js';
import type { Connection } from './connection.js';
import type { MsrpOptions } from './options.js';
import { isAnswered, isReported, reportOn, responseTo } from './reports.js';

export interface ReceiverParts {
  readonly options: MsrpOptions;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly budget: AssemblyBudget;
  readonly acceptTypes: readonly string[];
  readonly delegate: SessionDelegate;
  readonly newTransactionId: () => string;
  readonly onLimit: (limit: keyof AssemblyLimits) => void;
  /** Sends on this connection, and traces. */
  readonly reply: (frame: ReturnType<typeof responseTo> | Request, connection: Connection) => void;
}

/** A SEND and where its answer goes. */
interface Arrival {
  readonly request: Request;
  readonly flags: ReportFlags;
  readonly connection: Connection;
}

interface Verdict {
  readonly status: number;
  readonly comment: string;
}

const ok: Verdict = { status: 200, comment: 'OK' };
const noBody = Buffer.alloc(0);
/** RFC 4975 §7.1 wants the header; without it the chunk counts as the whole. */
const wholeRange: ByteRange = { start: 1, end: undefined, total: undefined };

export class MessageReceiver {
  private readonly parts: ReceiverParts;
  private readonly assembler: ChunkAssembler;
  private inHand = 0;
  private onIdle: (() => void) | undefined;
  private acceptedType: string | undefined;

  constructor(parts: ReceiverParts) {
    this.parts = parts;
    const { clock, budget, metrics, onLimit, options } = parts;
    const onExpired = (): void => metrics.count('msrp_assemblies_expired_total');
    this.assembler = new ChunkAssembler(options, { clock, budget, onExpired, onLimit });
  }

  /** Whether a message has begun and is not whole. */
  get receiving(): boolean {
    return this.assembler.size > 0;
  }

  onSend(request: Request, connection: Connection): void {
    const arrival: Arrival = { request, flags: reportFlagsOf(request), connection };
    const chunk = readChunk(request);
    if ('status' in chunk) {
      this.answer(arrival, chunk);
      return;
    }
    // The SEND that binds, or keeps alive (RFC 4975 §5.4).
    if (isEmpty(request, chunk)) {
      this.answer(arrival, ok);
      return;
    }
    const refused = this.refusalOf(request, chunk);
    if (refused) {
      this.assembler.refuse(chunk, { kind: 'refused', ...refused });
      this.answer(arrival, refused);
      return;
    }
    const assembled = this.assembler.take(chunk);
    switch (assembled.kind) {
      case 'more':
      case 'aborted': {
        this.answer(arrival, ok);
        return;
      }
      case 'refused': {
        this.answer(arrival, assembled);
        return;
      }
      case 'whole': {
        this.hand(arrival, {
          messageId: chunk.messageId,
          contentType: assembled.contentType,
          content: assembled.content,
        });
        return;
      }
    }
  }

  /** Nothing is put together any more; `onIdle` is called when the last message in hand has its answer. */
  close(onIdle: () => void): void {
    this.assembler.close();
    if (this.inHand === 0) onIdle();
    else this.onIdle = onIdle;
  }

  private refusalOf(request: Request, chunk: Chunk): Verdict | undefined {
    if (request.oversized) {
      this.parts.onLimit('maxMessageBytes');
      return { status: 413, comment: 'Message too large' };
    }
    if (request.noRoom) return { status: 408, comment: 'No room now' };
    const { contentType } = chunk;
    if (contentType === undefined || contentType === this.acceptedType) return undefined;
    if (!typeIsAccepted(contentType, this.parts.acceptTypes))
      return { status: 415, comment: 'Media type not accepted' };
    this.acceptedType = contentType;
    return undefined;
  }

  /** The completing chunk waits for the application; meanwhile the next ones come, up to the limit. */
  private hand(arrival: Arrival, message: InboundMessage): void {
    if (++this.inHand >= this.parts.options.maxMessagesInHand) arrival.connection.hold(this);
    const taken = (verdict: Verdict | undefined): void => this.settle(arrival, verdict ?? ok, message.content.length);
    const failed = (): void => this.settle(arrival, { status: 408, comment: 'Not stored' }, message.content.length);
    this.ask(message).then(taken, failed);
  }

  /** What the application throws at once is a rejection, too. */
  private async ask(message: InboundMessage): Promise<Verdict | undefined> {
    return this.parts.delegate.onMessage(message);
  }

  private settle(arrival: Arrival, verdict: Verdict, bytes: number): void {
    const { request, flags, connection } = arrival;
    this.answer(arrival, verdict);
    this.parts.metrics.count('msrp_messages_total', { direction: 'inbound', status: String(verdict.status) });
    if (isReported(flags, verdict.status)) {
      const transactionId = this.parts.newTransactionId();
      this.parts.reply(reportOn(request, { transactionId, status: 200, comment: 'OK', bytes }), connection);
    }
    this.inHand--;
    connection.release(this);
    if (this.inHand === 0) this.onIdle?.();
  }

  private answer({ request, flags, connection }: Arrival, { status, comment }: Verdict): void {
    if (status !== 200) this.parts.metrics.count('msrp_refused_total', { status: String(status) });
    if (isAnswered(flags, status)) this.parts.reply(responseTo(request, status, comment), connection);
  }
}

/** Not so a message that its sender gives up, or a body that was passed over. */
function isEmpty({ oversized, noRoom }: Request, { body, range, flag }: Chunk): boolean {
  return body.length === 0 && range.start === 1 && flag !== '#' && !oversized && !noRoom;
}

function readChunk(request: Request): Chunk | Verdict {
  const messageId = headerOf(request, 'Message-ID');
  if (messageId === undefined || messageId === '') return { status: 400, comment: 'Message-ID is missing' };
  const range = readRange(headerOf(request, 'Byte-Range'));
  if (!range) return { status: 400, comment: 'Byte-Range is malformed' };
  const { body = noBody, flag } = request;
  return { messageId, contentType: headerOf(request, 'Content-Type'), range, body, flag };
}

function readRange(text: string | undefined): ByteRange | undefined {
  if (text === undefined) return wholeRange;
  try {
    return parseByteRange(text);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
