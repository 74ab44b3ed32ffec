/** The SDP templates, which an operator may change. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface SipTemplates {
  readonly sessionOffer: string;
  readonly sessionAnswer: string;
  readonly largeMessageOffer: string;
}

/** They lie beside dist/ and lib/. */
export async function readTemplates(): Promise<SipTemplates> {
  const read = (name: string): Promise<string> =>
    readFile(fileURLToPath(new URL(`../../../sdp-templates/${name}.sdp`, import.meta.url)), 'utf8');
  const [sessionOffer, sessionAnswer, largeMessageOffer] = await Promise.all([
    read('chatbot-session-offer'),
    read('chatbot-session-answer'),
    read('large-message-offer'),
  ]);
  return { sessionOffer, sessionAnswer, largeMessageOffer };
}
