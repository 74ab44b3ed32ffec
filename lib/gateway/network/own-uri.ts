/** Whether a Request-URI names the gateway itself and no chatbot, as load balancers ask it by OPTIONS (RFC 3261 §11). */
import { isIP } from 'node:net';
import { readSipUri } from '../../wire/sip-uri.js';

export interface OwnNames {
  /** Where the engine listens: `udp/127.0.0.1:5060`. */
  readonly listening: readonly string[];
  /** `host` or `host:port`, besides. */
  readonly hosts: readonly string[];
  /** Whether a user part is no chatbot's. */
  readonly nobody: (user: string) => boolean;
}

export function namesUs(text: string, { listening, hosts, nobody }: OwnNames): boolean {
  const uri = readSipUri(text);
  if (!uri) return false;
  const host = uri.host.toLowerCase();
  if (uri.user !== undefined && (isIP(host.replace(/^\[|\]$/g, '')) === 0 || !nobody(uri.user))) return false;
  const place = `${host}:${uri.port ?? (uri.scheme === 'sips' ? 5061 : 5060)}`;
  const ours = [...hosts, ...listening.map((one) => one.slice(one.indexOf('/') + 1))].map((one) => one.toLowerCase());
  return ours.includes(host) || ours.includes(place);
}
