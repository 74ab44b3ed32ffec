/** SDP: offers answered, answers read, printed descriptions read again (RFC 8866, RFC 3264). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { parseDescription, printDescription } from '../../../lib/wire/sdp/description.js';
import { answer, makeOffer, readAnswer, type LocalMedia } from '../../../lib/wire/sdp/negotiate.js';
import { must, same, type Target } from '../target.js';

const template = (name: string): string =>
  readFileSync(
    fileURLToPath(new URL(`../../../../sdp-templates/chatbot-session-${name}.sdp`, import.meta.url)),
    'utf8',
  );
const local: LocalMedia = {
  template: template('answer'),
  origin: { id: '1', version: '1' },
  paths: ['msrp://192.0.2.1:2855/ours;tcp', 'msrps://192.0.2.1:2855/ours;tcp'],
  fingerprints: [{ hash: 'sha-256', value: 'AA:BB' }],
  maxBytes: 1_048_576,
};
const offer = makeOffer({ ...local, template: template('offer') });

const description: Target = {
  name: 'sdp',
  shape: 'lines',
  words: [
    ...[
      'v=0',
      'o=- 1 1 IN IP4 192.0.2.9',
      'c=IN IP4 192.0.2.9',
      'c=IN IP6 ::1',
      't=0 0',
      'm=message 9 TCP/MSRP *',
      'm=audio 9 RTP/AVP 0',
    ],
    ...[
      'a=path:msrp://192.0.2.9:9/a;tcp',
      'a=setup:active',
      'a=setup:holdconn',
      'a=accept-types:*',
      'a=accept-types:message/cpim',
    ],
    ...[
      'a=msrp-cema',
      'a=fingerprint:sha-256 AA:BB',
      'a=max-size:5',
      'a=inactive',
      'TCP/TLS/MSRP',
      'msrps://',
      '{path}',
      '$&',
    ],
  ],
  seeds: [],
  fixtures: ['sdp'],
  maxBytes: 70_000,
  run(input) {
    const offered = parseDescription(input);
    must(same(parseDescription(printDescription(offered)), offered), 'printed and read again it is the same');
    attempt(() => {
      const made = answer(offered, local);
      if (made.kind !== 'accepted') return;
      must(made.answer.media.length === offered.media.length, 'as many media as were offered');
      must(!/[\r\n]/.test(made.connect.host), 'no line break in a host');
      printDescription(made.answer);
    });
    attempt(() => readAnswer(offer, offered));
  },
  mayThrow: (error) => error instanceof DecodeError,
};

function attempt(negotiate: () => void): void {
  try {
    negotiate();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

export const sdp: readonly Target[] = [description];
