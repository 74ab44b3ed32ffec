/** Whose request it is: the peer of its connection, or whom reverse proxies that are trusted name in X-Forwarded-For. */
import type { IncomingMessage } from 'node:http';
import { isIP, SocketAddress } from 'node:net';

/** `''` where the peer has gone. */
export type ClientAddress = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

export const peerAddress: ClientAddress = ({ socket }) => socket.remoteAddress ?? '';

/**
 * Each proxy adds at the right whom it was asked by: read from there, the first who is no proxy is the client, and what
 * stands further left is his own word. One that cannot be read is passed by with all that is left of it.
 */
export function forwardedAddress(isProxy: (address: string) => boolean): ClientAddress {
  const known = new WeakMap<object, string>();
  return (request) => {
    const found = known.get(request) ?? clientOf(request, isProxy);
    known.set(request, found);
    return found;
  };
}

function clientOf(request: Parameters<ClientAddress>[0], isProxy: (address: string) => boolean): string {
  let client = peerAddress(request);
  // Several lines of it are one, in their order (RFC 9110 §5.2).
  const forwarded = String(request.headers['x-forwarded-for'] ?? '');
  for (let end = forwarded.length; end > 0 && isProxy(client);) {
    const comma = forwarded.lastIndexOf(',', end - 1);
    const before = readAddress(forwarded.slice(comma + 1, end).trim());
    if (before === undefined) break;
    client = before;
    end = comma;
  }
  return client;
}

/** In one form, so that one client is one source; undefined: no address. */
function readAddress(text: string): string | undefined {
  // Azure's Application Gateway adds the client's port; IPv6 stands in brackets then.
  const [, v6 = '', v4 = ''] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  const address = v6 || v4 || text;
  const version = isIP(address);
  if (version === 0) return undefined;
  if (version === 4) return address;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=\d+\.)/, '');
}
