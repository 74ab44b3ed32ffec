/** Credentials out of a traced message: they are shown to nobody, whatever the protocol. */

/** Header fields whose value proves who one is (SIP, MSRP and HTTP alike), with their folded lines. */
const credentials =
  /^((?:proxy-)?authorization|cookie|set-cookie|webhook-signature|x-api-key)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim;

/** The same in an URL's query or a form. */
const parameters = /\b(access_token|client_secret|client_assertion|refresh_token)=[^&\s"]{1,8192}/gi;

export function redacted(text: string): string {
  return text.replace(credentials, '$1: ********').replace(parameters, '$1=********');
}
