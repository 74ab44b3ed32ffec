/** Whom a certificate names (RFC 5922 §7.1): domains of a peer, by its subjectAltName. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** Whether it is the certificate of that domain or address; wildcards count for nothing (§7.2). */
export function names(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  const uri = `uri:sip:${name.toLowerCase()}`;
  if (alternatives(certificate).some((entry) => entry.toLowerCase() === uri)) return true;
  // CN counts in certificates alone that have no other names at all.
  const subject = certificate.subjectAltName === undefined ? 'default' : 'never';
  return certificate.checkHost(name, { wildcards: false, subject }) !== undefined;
}

/** `DNS:…`, `URI:…`; a comma within a value is escaped, and the value no name of ours. */
function alternatives({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName.split(',').map((entry) => entry.trim());
}
