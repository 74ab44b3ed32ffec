/** Contact of a request as drachtio-server would have it: where it finds another host or port it writes its own, in 255 octets. */
import { printSipUri, readSipUri, uriParameter } from '../../wire/sip-uri.js';
import type { HeaderLine, RequestDraft } from '../agent.js';
import { contactUri } from './message.js';

interface Address {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Feature tags that do not fit there are lost, isbot first. `listening`: `udp/192.0.2.1:5060`, in no order; of several
 * of the next hop's transport the one that stands in Contact already, else one that others can reach.
 */
export function withOwnContact(draft: RequestDraft, listening: readonly string[]): RequestDraft {
  const ways = listening.flatMap(addressOf).filter(({ protocol }) => protocol === transportOf(draft.nextHop));
  const headers = draft.headers.map((line): HeaderLine => {
    const [name, value] = line;
    return name.toLowerCase() === 'contact' ? [name, at(value, ways)] : line;
  });
  return { ...draft, headers };
}

function at(value: string, ways: readonly Address[]): string {
  const uri = contactUri(value);
  const parsed = uri === undefined ? undefined : readSipUri(uri);
  if (uri === undefined || !parsed) return value;
  const way =
    ways.find(({ host }) => host === parsed.host) ?? ways.find(({ host }) => !host.startsWith('127.')) ?? ways[0];
  if (!way || way.host.includes(':')) return value;
  const others = parsed.parameters.filter(([name]) => name.toLowerCase() !== 'transport');
  const transport = way.protocol === 'udp' ? [] : [['transport', way.protocol] as const];
  const { host, port } = way;
  return value.replace(uri, () => printSipUri({ ...parsed, host, port, parameters: [...others, ...transport] }));
}

function addressOf(text: string): readonly Address[] {
  const [, protocol, host, port] = /^(\w+)\/(.*):(\d+)$/.exec(text) ?? [];
  // An engine that listens on all of its addresses has named none.
  if (protocol === undefined || host === undefined || host === '0.0.0.0') return [];
  return [{ protocol, host, port: Number(port) }];
}

/** undefined: DNS is asked, or there is no next hop. */
function transportOf(nextHop: string | undefined): string | undefined {
  const uri = nextHop === undefined ? undefined : readSipUri(nextHop);
  return uri && uriParameter(uri.parameters, 'transport')?.toLowerCase();
}
