/** What of drachtio-srf 5 the agent uses, typed here because the library's own types lack most of it. */
import type { Server, Socket } from 'node:net';

export interface SrfMessage {
  /** The text as received; bodies decoded as UTF-8. Repeated headers are joined in `headers`, but not here. */
  readonly raw: string;
  readonly method?: string;
  readonly uri?: string;
  readonly headers: Readonly<Record<string, string>>;
  status?: number;
  reason?: string;
  toString(): string;
}

export type SrfCallback<T> = (error: unknown, result?: T) => void;
/** Writes the ACK (of a 2xx) or PRACK. */
export type SrfAck = (
  options: { headers?: Record<string, string>; body?: string },
  done: SrfCallback<SrfMessage>,
) => void;

export interface SrfRequest {
  readonly msg: SrfMessage;
  readonly method: string;
  readonly source: 'network' | 'application';
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly stackTxnId: string;
  /** Empty outside of dialogs. */
  readonly stackDialogId: string | undefined;
  on(event: 'response', listener: (res: SrfResponse, ack: SrfAck) => void): void;
  on(event: 'cancel', listener: (message: SrfMessage) => void): void;
  on(event: 'update', listener: (req: SrfRequest, res: SrfResponse) => void): void;
  cancel(options: object, done: SrfCallback<SrfRequest>): void;
}

export interface SrfResponse {
  readonly msg: SrfMessage;
  readonly req: SrfRequest;
  /** After the echo of an answer, and on every response to INVITE. */
  readonly stackDialogId: string | undefined;
  status: number;
  /** The storey below `send`, which knows only a list of status codes and joins repeated headers. */
  readonly agent: { sendResponse(res: SrfResponse, options: object, done: SrfCallback<SrfMessage>): void };
}

export interface SrfRequestOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Next hop. */
  readonly proxy?: string;
  readonly stackDialogId?: string;
}

export interface SrfConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly enablePing: boolean;
  readonly reconnect: { readonly maxAttempts: number };
}

export type SrfHandler = (req: SrfRequest, res: SrfResponse) => void;

export interface SrfClient {
  /** Its connections are the keys. */
  readonly mapServer: ReadonlyMap<Socket, unknown>;
  /** Tells of every frame that has come, as text. */
  readonly wp: {
    on(event: 'msg', listener: (socket: Socket, frame: string) => void): void;
    /** What has come of each connection and is no frame yet. */
    readonly mapIncomingMsg: ReadonlyMap<Socket, { readonly incomingMsg: Buffer }>;
  };
}

export interface SrfApp {
  /** Once it connects or listens. */
  readonly app: { readonly client?: SrfClient };
  on(event: 'connect', listener: (error: Error | null, hostports?: string, version?: string) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'close', listener: () => void): void;
  use(handler: SrfHandler): void;
  /** Also asks the server for requests of this method. */
  invite(handler: SrfHandler): void;
  message(handler: SrfHandler): void;
  options(handler: SrfHandler): void;
  /** Throws where nothing is connected. `done` comes with the echo; listeners must be set in it, at once. */
  request(uri: string, options: SrfRequestOptions, done: SrfCallback<SrfRequest>): void;
  connect(options: SrfConnectOptions): void;
  listen(options: { readonly server: Server; readonly secret: string }): void;
}
