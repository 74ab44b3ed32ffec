/** A path of the admin face, and its answer as a value. */
import type { Clock } from '../../clock.js';
import type { Metrics } from '../../metrics.js';
import type { DeadLetterActions } from './dead-letters.js';
import type { ReadyCheck } from './readiness.js';

/** What is shown of traces, already free of credentials; undefined: unknown conversation. */
export interface TraceView {
  list(limit: number): readonly object[];
  json(name: string): object | undefined;
  ladder(name: string): string | undefined;
  text(name: string): string | undefined;
  /** A capture file for Wireshark. */
  pcap(name: string): Buffer | undefined;
}

export interface AdminParts {
  readonly checks: readonly ReadyCheck[];
  readonly metrics: Pick<Metrics, 'count'> & { expose(): Promise<string>; readonly contentType: string };
  readonly trace: TraceView;
  /** Undefined while the gateway starts. */
  readonly deadLetters?: () => DeadLetterActions | undefined;
  readonly clock: Clock;
}

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Texts and bytes as they stand; undefined: none; anything else as JSON. */
  readonly body: unknown;
}

export interface AdminRequest {
  readonly url: URL;
  /** What the path's group holds, decoded. */
  readonly name: string;
}

export interface AdminRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: RegExp;
  /** Without credential on loopback. */
  readonly open?: true;
  answer(parts: AdminParts, request: AdminRequest): Reply | Promise<Reply>;
}

export function problem(status: number, text: string): Reply {
  return { status, body: { error: text } };
}
