/** Whom a certificate names (RFC 5922 §7.1): domains of a peer, by its subjectAltName. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** Whether it is the certificate of that domain or address; wildcards count for nothing (§7.2). */
export function names(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  const uri = `uri:sip:${name.toLowerCase()}`;
  if (alternatives(certificate).some((entry) => entry.toLowerCase() === uri)) return true;
  return certificate.checkHost(name, { wildcards: false }) !== undefined;
}

/** `DNS:…`, `URI:…`; a value with a comma of its own is quoted by OpenSSL, and no name of ours. */
function alternatives({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName.split(',').map((entry) => entry.trim());
}
