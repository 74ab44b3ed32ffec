/** The error of a peer: what went wrong on a connection, in the protocol's own code, and whose fault it was. */

export type PeerProtocol = 'sip' | 'msrp' | 'http';

export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly protocol: PeerProtocol;
  /** SIP, MSRP or HTTP status; 408 where nothing came at all. */
  readonly status: number;
  readonly fault: 'ours' | 'theirs';

  constructor(protocol: PeerProtocol, status: number, text: string, fault: 'ours' | 'theirs' = 'theirs') {
    super(text);
    this.protocol = protocol;
    this.status = status;
    this.fault = fault;
  }
}
