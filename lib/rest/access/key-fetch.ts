/** Fetches the key set of an issuer (RFC 7517): without redirects, and no more of it than a key set has. */
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';

/** Some 600 keys; to read more would hold all others. */
export const maxKeySetBytes = 262_144;
/** Interim answers (RFC 9110 §15.2): Node passes by as many as come. */
const maxInterim = 16;

export interface KeyRequest {
  readonly headers: Headers;
  /** Ends it, wherever it is. */
  readonly signal: AbortSignal;
}

/** Resolves with 200 and the whole body; rejects with whatever is none. */
export function fetchKeySet(url: string, { headers, signal }: KeyRequest): Promise<Response> {
  const get = url.startsWith('https:') ? getSecure : getPlain;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(signal.aborted ? (signal.reason as Error) : error);
    let answered = false;
    const request = get(url, { headers: Object.fromEntries(headers), signal, agent: false }, (response) => {
      answered = true;
      if (response.statusCode === 200) void read(response).then(resolve, fail);
      else request.destroy(new Error(`an issuer answered ${response.statusCode ?? ''}`));
    });
    let interim = 0;
    request.on('information', () => ++interim > maxInterim && request.destroy(new Error('an issuer never answers')));
    request.on('error', fail);
    // It comes without an error where the issuer wants to change protocols.
    request.on('close', () => answered || fail(new Error('an issuer gave no answer')));
  });
}

async function read(response: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Closes the connection, too.
    if (bytes > maxKeySetBytes) throw new Error('an issuer answered more than a key set');
  }
  return new Response(Buffer.concat(chunks));
}
