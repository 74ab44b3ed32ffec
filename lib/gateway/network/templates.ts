/** The SDP that we offer and answer, as the operator may have changed it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../config.js';
import { type Description, parseDescription } from '../../wire/sdp/description.js';
import { answer, type LocalMedia, makeOffer, readAnswer } from '../../wire/sdp/negotiate.js';

export interface SipTemplates {
  readonly sessionOffer: string;
  readonly sessionAnswer: string;
  readonly largeMessageOffer: string;
}

/** Beside dist/ and lib/: an operator may change them. */
const templateFolder = fileURLToPath(new URL('../../../../sdp-templates', import.meta.url));

/** Throws ConfigError: what cannot be filled would else be found out by the first call. */
export async function readTemplates(folder = templateFolder): Promise<SipTemplates> {
  return {
    sessionOffer: await readUsable(folder, 'chatbot-session-offer', isOffer),
    sessionAnswer: await readUsable(folder, 'chatbot-session-answer', isAnswer),
    largeMessageOffer: await readUsable(folder, 'large-message-offer', isOffer),
  };
}

async function readUsable(folder: string, name: string, isUsable: (template: string) => boolean): Promise<string> {
  const problem = (text: string): ConfigError => new ConfigError([`sdp-templates/${name}.sdp: ${text}`]);
  const template = await readFile(join(folder, `${name}.sdp`), 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw problem(`cannot be read: ${code ?? message}`);
  });
  try {
    if (isUsable(template)) return template;
  } catch (error) {
    throw problem(error instanceof Error ? error.message : String(error));
  }
  throw problem('has no message types in a=accept-types');
}

function isOffer(template: string): boolean {
  const offer = makeOffer(localWith(template));
  return readAnswer(offer, offer).kind === 'accepted';
}

function isAnswer(template: string): boolean {
  return answer(anyOffer(), localWith(template)).kind === 'accepted';
}

function localWith(template: string): LocalMedia {
  return {
    template,
    origin: { id: '1', version: '1' },
    paths: ['msrp://192.0.2.1:2855/session;tcp'],
    fingerprints: [],
    maxBytes: 1,
  };
}

/** One that takes whatever is answered. */
function anyOffer(): Description {
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 192.0.2.2',
    's=-',
    'c=IN IP4 192.0.2.2',
    't=0 0',
    'm=message 2855 TCP/MSRP *',
    'a=accept-types:*',
    'a=path:msrp://192.0.2.2:2855/session;tcp',
  ];
  return parseDescription(lines.map((line) => `${line}\r\n`).join(''));
}
