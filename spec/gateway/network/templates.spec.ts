import { expect } from 'chai';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../../lib/config/config-error.js';
import { readTemplates } from '../../../lib/gateway/network/templates.js';

const own = fileURLToPath(new URL('../../../../sdp-templates', import.meta.url));

describe('gateway/network/templates', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'iwf-templates-'));
    cpSync(own, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reads those that lie beside the program', async () => {
    const { sessionOffer, sessionAnswer, largeMessageOffer } = await readTemplates();
    expect(sessionOffer).to.equal(readFileSync(join(own, 'chatbot-session-offer.sdp'), 'utf8'));
    expect(sessionAnswer).to.include('a={direction}');
    expect(largeMessageOffer).to.include('a=sendonly');
  });

  it('takes one with an attribute more', async () => {
    change('chatbot-session-answer', (text) => `${text}a=chatroom\n`);
    expect((await readTemplates(folder)).sessionAnswer).to.include('a=chatroom');
  });

  const broken: readonly (readonly [what: string, change: (text: string) => string, problem: RegExp])[] = [
    ['a slot that nothing fills', (text) => text.replace('{port}', '{prot}'), /unknown slot \{prot\}/],
    ['a slot that is missing', (text) => text.replace('a=max-size:{maxBytes}\n', ''), /no such slot .*\{maxBytes\}/],
    ['no medium', (text) => text.replace('m=message', 'm=audio'), /m=message|no message types/],
    ['no types', (text) => text.replace('a=accept-types:message/cpim\n', ''), /accept-types/],
    ['what is no SDP', () => 'hello', /./],
  ];
  for (const name of ['chatbot-session-offer', 'chatbot-session-answer', 'large-message-offer']) {
    for (const [what, spoil, problem] of broken) {
      it(`refuses ${name} with ${what}, by its name`, async () => {
        change(name, spoil);
        const line = await lineOf(readTemplates(folder));
        expect(line).to.match(new RegExp(`^sdp-templates/${name}\\.sdp: `));
        expect(line).to.match(problem);
      });
    }
  }

  it('names one that is not there', async () => {
    rmSync(join(folder, 'large-message-offer.sdp'));
    expect(await lineOf(readTemplates(folder))).to.equal(
      'sdp-templates/large-message-offer.sdp: cannot be read: ENOENT',
    );
  });

  function change(name: string, how: (text: string) => string): void {
    const file = join(folder, `${name}.sdp`);
    writeFileSync(file, how(readFileSync(file, 'utf8')));
  }
});

async function lineOf(reading: Promise<unknown>): Promise<string> {
  const error: unknown = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ConfigError);
  return (error as ConfigError).lines.join('\n');
}
