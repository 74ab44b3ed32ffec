/** The transport of a next hop that names none, for an engine that would take whichever it has (RFC 3263 §4.1). */
import { isIP } from 'node:net';
import { printSipUri, readSipUri, uriParameter } from '../../wire/sip-uri.js';

/** As it is where it names one, where DNS is to be asked, or where it is no SIP URI. */
export function withTransport(nextHop: string): string {
  const uri = readSipUri(nextHop);
  if (!uri || uriParameter(uri.parameters, 'transport') !== undefined) return nextHop;
  const isNumeric = isIP(uri.host.replaceAll(/[[\]]/g, '')) !== 0;
  if (!isNumeric && uri.port === undefined && uri.scheme === 'sip') return nextHop;
  const transport = uri.scheme === 'sips' ? 'tls' : 'udp';
  return printSipUri({ ...uri, parameters: [...uri.parameters, ['transport', transport]] });
}
