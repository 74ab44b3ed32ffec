/** Chunks → messages: by Message-ID, in any order, overlapping; within limits of size, number and time (RFC 4975 §7.3.1). */
import type { Clock, Timer } from '../clock.js';
import type { ByteRange } from '../wire/msrp/byte-range.js';
import type { ContinuationFlag } from '../wire/msrp/frame.js';
import type { MsrpOptions } from './options.js';

export interface Chunk {
  readonly messageId: string;
  /** Where it is absent the message's other chunks have it. */
  readonly contentType: string | undefined;
  readonly range: ByteRange;
  readonly body: Buffer;
  readonly flag: ContinuationFlag;
}

export type Assembled =
  | { readonly kind: 'more' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'whole'; readonly contentType: string; readonly content: Buffer }
  | { readonly kind: 'refused'; readonly status: number; readonly comment: string };

export type AssemblyLimits = Pick<
  MsrpOptions,
  'maxMessageBytes' | 'maxAssemblies' | 'maxAssemblyBytes' | 'maxChunksAhead' | 'assemblyTimeoutMs'
>;

/** Octets held by all assemblers and connections of the endpoint for what is not whole yet. */
export interface AssemblyBudget {
  usedBytes: number;
}

interface AssemblerDeps {
  readonly clock: Clock;
  readonly budget: AssemblyBudget;
  /** An incomplete message was given up. */
  readonly onExpired: (messageId: string) => void;
  /** A message was refused for this limit. */
  readonly onLimit: (limit: keyof AssemblyLimits) => void;
}

/** One message on its way: the octets from the first on without a gap, and what came ahead of a gap. */
interface Assembly {
  contentType: string | undefined;
  buffer: Buffer;
  filled: number;
  ahead: { readonly offset: number; readonly bytes: Buffer }[];
  /** Known once the `$` chunk has come. */
  total: number | undefined;
  heldBytes: number;
  timer: Timer;
}

const more: Assembled = { kind: 'more' };
const aborted: Assembled = { kind: 'aborted' };
const tooLarge = refusal(413, 'Message too large');
const maxRemembered = 16;

export class ChunkAssembler {
  private readonly limits: AssemblyLimits;
  private readonly deps: AssemblerDeps;
  private readonly assemblies = new Map<string, Assembly>();
  /** Messages whose later chunks are refused as the first was. */
  private readonly refused = new Map<string, Assembled>();

  constructor(limits: AssemblyLimits, deps: AssemblerDeps) {
    this.limits = limits;
    this.deps = deps;
  }

  get size(): number {
    return this.assemblies.size;
  }

  take(chunk: Chunk): Assembled {
    const { messageId, flag, range } = chunk;
    const before = this.refused.get(messageId);
    if (before) {
      if (flag !== '+') this.refused.delete(messageId);
      return before;
    }
    const assembly = this.assemblies.get(messageId);
    if (flag === '#') return this.abort(messageId, assembly);
    const last = range.start - 1 + chunk.body.length;
    if (last > this.limits.maxMessageBytes || (range.total ?? 0) > this.limits.maxMessageBytes)
      return this.exceeds('maxMessageBytes', chunk, tooLarge);
    // The whole in one chunk, whatever total it declares (seen: 104 for 110): nothing is kept or copied.
    if (!assembly && flag === '$' && range.start === 1) return whole(chunk.contentType, chunk.body);
    return this.add(chunk, assembly);
  }

  /** Chunks of this message that are still to come are refused alike. */
  refuse(chunk: Chunk, refusal: Assembled): Assembled {
    this.drop(chunk.messageId);
    if (chunk.flag === '+') {
      const [oldest] = this.refused.keys();
      if (this.refused.size >= maxRemembered && oldest !== undefined) this.refused.delete(oldest);
      this.refused.set(chunk.messageId, refusal);
    }
    return refusal;
  }

  close(): void {
    for (const messageId of [...this.assemblies.keys()]) this.drop(messageId);
    this.refused.clear();
  }

  private add(chunk: Chunk, known: Assembly | undefined): Assembled {
    if (!known && this.assemblies.size >= this.limits.maxAssemblies)
      return this.exceeds('maxAssemblies', chunk, refusal(408, 'Too many messages at once'));
    const assembly = known ?? this.begin(chunk.messageId);
    assembly.contentType ??= chunk.contentType;
    const offset = chunk.range.start - 1;
    if (chunk.flag === '$') assembly.total = offset + chunk.body.length;
    const fits =
      offset <= assembly.filled
        ? this.write(assembly, offset, chunk.body)
        : this.keepAhead(assembly, offset, chunk.body);
    if (!fits) return this.exceeds('maxChunksAhead', chunk, tooLarge);
    if (this.deps.budget.usedBytes > this.limits.maxAssemblyBytes)
      return this.exceeds('maxAssemblyBytes', chunk, refusal(408, 'No room now'));
    if (assembly.total === undefined || assembly.filled < assembly.total) {
      this.restartTimer(chunk.messageId, assembly);
      return more;
    }
    this.drop(chunk.messageId);
    return whole(assembly.contentType, assembly.buffer.subarray(0, assembly.total));
  }

  private exceeds(limit: keyof AssemblyLimits, chunk: Chunk, verdict: Assembled): Assembled {
    this.deps.onLimit(limit);
    return this.refuse(chunk, verdict);
  }

  private begin(messageId: string): Assembly {
    const timer = this.startTimer(messageId);
    const assembly: Assembly = {
      contentType: undefined,
      buffer: Buffer.alloc(0),
      filled: 0,
      ahead: [],
      total: undefined,
      heldBytes: 0,
      timer,
    };
    this.assemblies.set(messageId, assembly);
    return assembly;
  }

  /** Of octets that come twice the later ones count. Always true: the size was checked. */
  private write(assembly: Assembly, offset: number, bytes: Buffer): true {
    this.reserve(assembly, offset + bytes.length);
    bytes.copy(assembly.buffer, offset);
    assembly.filled = Math.max(assembly.filled, offset + bytes.length);
    for (let next = this.takeAhead(assembly); next; next = this.takeAhead(assembly)) {
      this.reserve(assembly, next.offset + next.bytes.length);
      next.bytes.copy(assembly.buffer, next.offset);
      assembly.filled = Math.max(assembly.filled, next.offset + next.bytes.length);
    }
    return true;
  }

  private takeAhead(assembly: Assembly): Assembly['ahead'][number] | undefined {
    const index = assembly.ahead.findIndex(({ offset }) => offset <= assembly.filled);
    if (index < 0) return undefined;
    const [next] = assembly.ahead.splice(index, 1);
    if (next) this.hold(assembly, -next.bytes.length);
    return next;
  }

  /** A copy: the view would keep a whole read alive. */
  private keepAhead(assembly: Assembly, offset: number, body: Buffer): boolean {
    if (assembly.ahead.length >= this.limits.maxChunksAhead) return false;
    assembly.ahead.push({ offset, bytes: Buffer.from(body) });
    this.hold(assembly, body.length);
    return true;
  }

  private reserve(assembly: Assembly, bytes: number): void {
    if (bytes <= assembly.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, assembly.buffer.length * 2, 8192));
    assembly.buffer.copy(grown, 0, 0, assembly.filled);
    this.hold(assembly, grown.length - assembly.buffer.length);
    assembly.buffer = grown;
  }

  private hold(assembly: Assembly, bytes: number): void {
    assembly.heldBytes += bytes;
    this.deps.budget.usedBytes += bytes;
  }

  private abort(messageId: string, assembly: Assembly | undefined): Assembled {
    if (assembly) this.drop(messageId);
    return aborted;
  }

  private drop(messageId: string): void {
    const assembly = this.assemblies.get(messageId);
    if (!assembly) return;
    assembly.timer.close();
    this.deps.budget.usedBytes -= assembly.heldBytes;
    this.assemblies.delete(messageId);
  }

  private restartTimer(messageId: string, assembly: Assembly): void {
    assembly.timer.close();
    assembly.timer = this.startTimer(messageId);
  }

  private startTimer(messageId: string): Timer {
    return this.deps.clock.after(this.limits.assemblyTimeoutMs, () => {
      this.drop(messageId);
      this.deps.onExpired(messageId);
    });
  }
}

function whole(contentType: string | undefined, content: Buffer): Assembled {
  // RFC 4975 §7.1: content comes with its type.
  if (contentType === undefined) return refusal(400, 'Content-Type is missing');
  return { kind: 'whole', contentType, content };
}

function refusal(status: number, comment: string): Assembled {
  return { kind: 'refused', status, comment };
}
