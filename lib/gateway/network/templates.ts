/** The SDP that we offer and answer, as the operator may have changed it. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface SipTemplates {
  readonly sessionOffer: string;
  readonly sessionAnswer: string;
  readonly largeMessageOffer: string;
}

/** Templates lie beside dist/ and lib/: an operator may change them. */
export async function readTemplates(): Promise<SipTemplates> {
  const read = (name: string): Promise<string> =>
    readFile(fileURLToPath(new URL(`../../../../sdp-templates/${name}.sdp`, import.meta.url)), 'utf8');
  const [sessionOffer, sessionAnswer, largeMessageOffer] = await Promise.all([
    read('chatbot-session-offer'),
    read('chatbot-session-answer'),
    read('large-message-offer'),
  ]);
  return { sessionOffer, sessionAnswer, largeMessageOffer };
}
