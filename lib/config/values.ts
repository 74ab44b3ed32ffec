/** The typed configuration: texts that stand for something more are parsed into values. */
import { isIP } from 'node:net';
import type { CompleteConfig, CompletePlatform, CompleteChatbot } from './complete.js';

export interface ListenAddress {
  readonly protocol: 'udp' | 'tcp' | 'tls';
  /** Without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** A block of IP addresses, as `BlockList.addSubnet` takes it. */
export interface AddressBlock {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

export interface SipConfig extends Omit<CompleteConfig['sip'], 'listen' | 'trustedPeers'> {
  readonly listen: readonly ListenAddress[];
  readonly trustedPeers: readonly AddressBlock[];
  /** Of trustedPeers those that are domains: of certificates. */
  readonly trustedNames: readonly string[];
}

export interface MsrpConfig extends Omit<CompleteConfig['msrp'], 'connectTo' | 'trustedPeers'> {
  /** Who may connect to us, and be connected to on this host or its link. */
  readonly trustedPeers: readonly AddressBlock[];
  readonly connectTo: readonly AddressBlock[];
}

export interface RestConfig extends Omit<CompleteConfig['rest'], 'trustedProxies'> {
  /** Whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly AddressBlock[];
}

/** Everything that can be configured; keys, units and reasons: config/default.yaml. */
export interface Config extends Omit<CompleteConfig, 'rest' | 'sip' | 'msrp'> {
  readonly rest: RestConfig;
  readonly sip: SipConfig;
  readonly msrp: MsrpConfig;
}

export type PlatformConfig = CompletePlatform;
export type ChatbotConfig = CompleteChatbot;
export type LimitsConfig = CompleteConfig['limits'];

/** Call after the checks: what does not parse there does not come here. */
export function valuesOf(complete: CompleteConfig): Config {
  const { listen, trustedPeers, ...sip } = complete.sip;
  const { connectTo, trustedPeers: msrpPeers = [], ...msrp } = complete.msrp;
  return {
    ...complete,
    rest: { ...complete.rest, trustedProxies: blocksOf(complete.rest.trustedProxies) },
    msrp: { ...msrp, connectTo: blocksOf(connectTo), trustedPeers: blocksOf(msrpPeers) },
    sip: {
      ...sip,
      listen: listen.flatMap((text) => parseListen(text) ?? []),
      trustedPeers: blocksOf(trustedPeers),
      trustedNames: trustedPeers.filter(isDomain),
    },
  };
}

/** `udp/127.0.0.1:5060`, `tcp/[::1]:5060`; undefined where it is neither. */
export function parseListen(text: string): ListenAddress | undefined {
  const found = /^(udp|tcp|tls)\/(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  if (!found) return undefined;
  const [, protocol, bracketed, plain, digits] = found;
  const port = Number(digits);
  const host = bracketed ?? plain ?? '';
  if (port > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6)) return undefined;
  return { protocol: protocol as ListenAddress['protocol'], host, port };
}

/** Its last label begins with a letter: no address does so. */
export function isDomain(text: string): boolean {
  return /^([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i.test(text);
}

function blocksOf(texts: readonly string[]): readonly AddressBlock[] {
  return texts.flatMap((text) => parseBlock(text) ?? []);
}

/** An address alone is a block of one. */
export function parseBlock(text: string): AddressBlock | undefined {
  const [address = '', bits] = text.split('/');
  const version = isIP(address);
  if (version === 0) return undefined;
  const width = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? width : Number(bits);
  return prefix <= width ? { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' } : undefined;
}
