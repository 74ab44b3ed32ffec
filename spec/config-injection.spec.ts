/** No text of the configuration may end a line: it would be a header more, or an event more, wherever it is printed. */
import { expect } from 'chai';
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { isListForm, isObjectForm, type Form, type TextForm } from '../lib/config/form.js';
import { defaultFile } from '../lib/config/load.js';
import { withValueAt } from '../lib/config/path.js';
import { configSchema } from '../lib/config/schema.js';
import { validated } from '../lib/config/validate.js';
import { ConfigError } from '../lib/config.js';

const hostile = ['\r\nX-Evil: 1', '\n', '\r', '\0', '\u000b', '\u001b[2J', '\u007f', '\u0085', '\u2028', '\u2029'];

/** Everything that the defaults leave out, so that each key has a value to be spoilt. */
const whole: unknown = {
  ...(parse(readFileSync(defaultFile, 'utf8')) as object),
  serverRoot: 'https://chat.example.net',
  platforms: [
    {
      id: 'shop',
      keys: ['0'.repeat(64)],
      chatbots: [{ uri: 'sip:shop@example.net', name: 'shop', version: '#=1' }],
      notify: { allow: ['callback.example.com'] },
    },
  ],
};

describe('texts of the configuration [IWF-1626]', () => {
  const texts = [...textsOf(configSchema)];

  /** Which are printed into headers, URIs and answers; all others are held to the same. */
  const inHeaders = [
    'serverRoot',
    'sip.advertise',
    'sip.listen.0',
    'sip.nextHop',
    'sip.ioi',
    'sip.userUri',
    'sip.defaultCountry',
    'sip.routes.0.match',
    'sip.routes.0.nextHop',
    'sip.routes.0.userUri',
    'sip.routes.0.ioi',
    'sip.routes.0.headers.P-Visited-Network-ID',
    'sip.drachtio.host',
    'sip.drachtio.secret',
    'msrp.host',
    'msrp.advertise',
    'platforms.0.id',
    'platforms.0.serverRoot',
    'platforms.0.chatbots.0.uri',
    'platforms.0.chatbots.0.name',
    'platforms.0.chatbots.0.version',
    'platforms.0.botDefaults.version',
    'platforms.0.domains.0',
    'platforms.0.notify.allow.0',
    'platforms.0.notify.secrets.0',
    'platforms.0.trafficTypes.0',
    'platforms.0.jwt.issuer',
    'platforms.0.jwt.jwksUrl',
    'revoke.vocabulary.namespace',
    'privacy.vocabulary.alias',
  ];

  it('are all found', () => {
    expect(texts.map(({ path }) => path.join('.'))).to.include.members(inHeaders);
  });

  it('are refused with a line that names the key where they hold a control character or an end of line', () => {
    const taken: string[] = [];
    for (const { path } of texts) {
      for (const evil of hostile) {
        const lines = refusal(withValueAt(whole, path, `a${evil}b`));
        const key = path
          .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
          .join('')
          .slice(1);
        if (!lines.some((line) => line.startsWith(`here: ${key}: must be `)))
          taken.push(`${key} ${JSON.stringify(evil)}`);
      }
    }
    expect(taken).to.deep.equal([]);
  });

  it('are refused by their form alone, whatever stands around it', () => {
    const sound: Readonly<Record<string, string>> = {
      'sip.routes.0.headers.P-Visited-Network-ID': 'example',
      'platforms.0.chatbots.0.uri': 'sip:shop@example.net',
      'platforms.0.chatbots.0.name': 'shop',
      'sip.nextHop': 'sip:hub.example.net',
      'sip.userUri': 'sip:{e164}@ims.example.net',
      serverRoot: 'https://chat.example.net',
    };
    for (const [key, value] of Object.entries(sound)) {
      const path = texts.find((one) => one.path.join('.') === key)?.path ?? [];
      expect(
        refusal(withValueAt(whole, path, value)).filter((line) => line.includes('must be')),
        key,
      ).to.deep.equal([]);
      for (const evil of hostile) {
        for (const at of [0, Math.floor(value.length / 2), value.length]) {
          const spoilt = `${value.slice(0, at)}${evil}${value.slice(at)}`;
          expect(refusal(withValueAt(whole, path, spoilt)), JSON.stringify(spoilt)).not.to.deep.equal([]);
        }
      }
    }
  });
});

function refusal(tree: unknown): readonly string[] {
  try {
    validated(tree, () => 'here');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
}

/** Every text of the schema, in the first member of each list. */
function* textsOf(
  form: Form,
  path: readonly (string | number)[] = [],
): Generator<{ readonly path: readonly (string | number)[] }> {
  if (isText(form)) yield { path };
  else if (isListForm(form)) yield* textsOf(form.items, [...path, 0]);
  else if (isObjectForm(form)) {
    for (const [key, inner] of Object.entries(form.properties)) yield* textsOf(inner, [...path, key]);
  } else if ('propertyNames' in form) yield { path: [...path, 'P-Visited-Network-ID'] };
}

function isText(form: Form): form is TextForm {
  return 'type' in form && form.type === 'string';
}
