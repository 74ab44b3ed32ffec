/** The files of rest.tls, sip.tls, msrp.tls and platforms[].notify.tls as texts that TLS can use. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError, type Config } from '../config.js';
import type { PlatformCallbacks } from '../notify/callback/origins.js';
import type { RestTls } from '../rest/listen.js';
import type { TlsMaterial } from '../sip-engine/transport/tls.js';

/** Reads all of them; throws ConfigError with the lines of all that is wrong. */
export function checkTlsFiles(config: Config): void {
  const readings = [restTls, sipTls, msrpTls].map((read) => () => read(config));
  const ofPlatforms = config.platforms.map((platform) => () => callbackTls(platform));
  const lines = [...readings, ...ofPlatforms].flatMap((read) => {
    try {
      read();
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.lines;
      throw error;
    }
  });
  if (lines.length > 0) throw new ConfigError(lines);
}

/** Each throws ConfigError, a line for each file that cannot be read, or one for what makes no certificate with its key. */
export function restTls({ rest: { tls } }: Config): RestTls | undefined {
  if (!tls) return undefined;
  const { cert, key, clientCa } = pemTexts('rest.tls', { cert: tls.cert, key: tls.key, clientCa: tls.clientCa });
  return { ...usable('rest.tls', { cert, key, ca: clientCa }), clientCa };
}

export function sipTls({ sip: { tls } }: Config): TlsMaterial | undefined {
  if (!tls) return undefined;
  const { clientCertificates = tls.ca === undefined ? 'none' : 'required' } = tls;
  const texts = pemTexts('sip.tls', { cert: tls.cert, key: tls.key, ca: tls.ca });
  const { ca, ...own } = usable('sip.tls', texts);
  return { ...own, clientCertificates, ...(ca === undefined ? {} : { ca }) };
}

export function msrpTls({ msrp: { tls } }: Config): { readonly cert: string; readonly key: string } | undefined {
  return tls && usable('msrp.tls', pemTexts('msrp.tls', { cert: tls.cert, key: tls.key }));
}

/** What callbacks to a platform are verified with, and what we show to it. */
export function callbackTls({ id, notify: { tls } }: Config['platforms'][number]): PlatformCallbacks['tls'] {
  if (!tls) return undefined;
  const section = `platforms[${id}].notify.tls`;
  return usable(section, given(pemTexts(section, { ca: tls.ca, cert: tls.cert, key: tls.key })));
}

/** Without those that are undefined. */
function given<F extends Readonly<Record<string, string | undefined>>>(texts: F): { [N in keyof F]?: string } {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as {
    [N in keyof F]?: string;
  };
}

/** The same names with what stands in the files. */
function pemTexts<F extends Readonly<Record<string, string | undefined>>>(section: string, files: F): F {
  const lines: string[] = [];
  const read = ([name, file]: [string, string | undefined]): [string, string | undefined] => {
    if (file === undefined) return [name, undefined];
    const { text, fault } = readPem(file, /ca$/i.test(name));
    if (fault !== undefined) lines.push(`${section}.${name}: ${file} ${fault}`);
    return [name, text];
  };
  const texts = Object.fromEntries(Object.entries(files).map(read)) as F;
  if (lines.length > 0) throw new ConfigError(lines);
  return texts;
}

/** TLS takes an empty text for none at all: no certificate of ours, or, of authorities, all that are public. */
function readPem(file: string, ofAuthorities: boolean): { readonly text?: string; readonly fault?: string } {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.trim() === '') return { fault: 'is empty' };
    return ofAuthorities ? { text, ...faultOfAuthorities(text) } : { text };
  } catch (error) {
    return { fault: `cannot be read: ${reasonOf(error)}` };
  }
}

/** OpenSSL passes over what it does not understand, and an authority that is missing is found out by a peer. */
function faultOfAuthorities(text: string): { readonly fault?: string } {
  const blocks =
    text.match(/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----[^]*?(-----END (X509 |TRUSTED )?CERTIFICATE-----|$)/g) ??
    [];
  if (blocks.length === 0) return { fault: 'holds no certificate' };
  for (const [at, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch (error) {
      return { fault: `holds what is no certificate, as number ${at + 1}: ${reasonOf(error)}` };
    }
  }
  return {};
}

interface Pem {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

function usable<P extends Pem>(section: string, pem: P): P {
  const { cert, key, ca } = pem;
  try {
    createSecureContext(given({ cert, key, ca }));
    return pem;
  } catch (error) {
    throw new ConfigError([`${section}: its files cannot be used: ${reasonOf(error)}`]);
  }
}

/** ENOENT, EACCES …; of OpenSSL its words. */
function reasonOf(error: unknown): string {
  const { code, reason, message } = error as NodeJS.ErrnoException & { readonly reason?: string };
  return reason ?? code ?? message;
}
