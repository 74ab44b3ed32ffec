/** What a connection to an engine is made of, tells, and is asked. */
import type { Server } from 'node:net';
import type { Clock } from '../../clock.js';
import type { PeerError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Answered } from './answered.js';
import type { Crossing } from './crossing.js';
import type { SrfRequest, SrfRequestOptions, SrfResponse } from './types.js';

export type LinkTarget =
  | { readonly kind: 'listen'; readonly server: Server; readonly secret: string }
  | { readonly kind: 'connect'; readonly host: string; readonly port: number; readonly secret: string };

export interface LinkOptions {
  readonly target: LinkTarget;
  readonly clock: Clock;
  readonly log: Logger;
  /** A frame above this is not sent: drachtio-server would hang on it. Undefined: no limit. */
  readonly maxFrameBytes: number | undefined;
  /** Without their echo at once. Undefined: no limit. */
  readonly maxInFlightBytes: number | undefined;
  /** In place of it while one of them is long. */
  readonly maxBytesBesideLong: number | undefined;
  /** drachtio-server copies a Request-URI into 255 octets of C, and takes a body to end at its first NUL. */
  readonly wordsOfC: boolean;
  /** An echo that takes longer is no longer waited for. */
  readonly echoTimeoutMs: number;
  /** Connect: until the engine has taken our secret. */
  readonly startTimeoutMs: number;
  /** A connection over which nothing comes for so long, in spite of a ping every 15 s, is given up. */
  readonly silenceTimeoutMs: number;
  /** A request has its final answer, whoever gave it. */
  readonly answered: Answered;
  readonly onCrossing?: ((crossing: Crossing) => void) | undefined;
}

export interface LinkDelegate {
  onRequest(req: SrfRequest, res: SrfResponse): void;
  onUp(): void;
  /** The connection is lost, or the engine refused us. */
  onDown(error: PeerError): void;
}

/** A request for `Link.send`. */
export interface Sending {
  readonly uri: string;
  readonly options: SrfRequestOptions;
  readonly bytes: number;
  /** Asked just before it is written, which may be later than now. */
  readonly wanted: () => boolean;
  /** With the echo: the request as it has left. Listeners must be set before this returns. */
  readonly onSent: (req: SrfRequest) => void;
  readonly onRefused: (error: unknown) => void;
}

export interface RespondHooks {
  /** In the same turn as the echo: before any request that followed it. */
  readonly onSent?: () => void;
  /** The response has left, but after the promise was rejected. */
  readonly onLate?: () => void;
}
