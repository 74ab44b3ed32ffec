import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { subscribe } from '../messages/documents.js';
import { cpim, type RawChat, RawPhone } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

const fixture = (name: string): string => readFileSync(`spec/fixtures/${name}.xml`, 'utf8');

/** A good one of each kind, its own namespace, and an element that may stand there once. */
const documents = {
  'message/imdn+xml': [fixture('imdn/canonical/delivery-delivered'), 'urn:ietf:params:xml:ns:imdn', 'message-id'],
  'application/im-iscomposing+xml': [
    fixture('is-composing/canonical/active'),
    'urn:ietf:params:xml:ns:im-iscomposing',
    'state',
  ],
  'application/vnd.gsma.rcsspam-report+xml': [
    fixture('rcs/spam-report/canonical/full'),
    'urn:gsma:params:xml:ns:rcs:rcs:spamreport',
    'Chatbot',
  ],
  'application/vnd.gsma.rcsalias-mgmt+xml': [
    fixture('rcs/privacy/canonical/aliason'),
    'urn:gsma:params:xml:ns:rcs:rcs:aliasmgmt',
    'Command-ID',
  ],
  'application/vnd.gsma.rcsrevoke+xml': [
    fixture('rcs/revoke/canonical/success'),
    'urn:gsma:params:xml:ns:rcs:rcs:rcsrevoke',
    'Message-ID',
  ],
  'application/vnd.gsma.rcslink-report+xml': [
    fixture('rcs/link-report/elements'),
    'urn:gsma:params:xml:ns:rcs:rcs:linkreport',
    'alias',
  ],
} as const;

type Type = keyof typeof documents;

/** The ways in which a document can be no document, or not the one it says. */
const spoilt: Readonly<Record<string, (good: string, namespace: string, once: string) => string | Buffer>> = {
  malformed: (good) => good.replace(/<\/[^>]*>\s*$/, '</else>'),
  truncated: (good) => good.slice(0, good.length / 2),
  oversized: (good) => good.replace(/<\/([^>]*)>\s*$/, `<!--${'x'.repeat(200_000)}--></$1>`),
  'with a DTD': (good) => good.replace(/(<\?xml[^>]*>)?\s*/, '$1<!DOCTYPE a [<!ENTITY b "c">]>'),
  'of another namespace': (good, namespace) => good.replaceAll(namespace, 'urn:example:else'),
  'with an element twice': (good, _namespace, once) =>
    good.replace(new RegExp(`<${once}>[^<]*</${once}>`), (element) => element + element.replace('>', '>z')),
  'in another encoding': (good) => Buffer.from(`\ufeff${good}`, 'utf16le'),
  'not in UTF-8': (good) => Buffer.from(good.replace('>', '><!--\u00e9-->').replace(/^<\?xml[^>]*>/, ''), 'latin1'),
};

/** What is spoilt and taken all the same, for peers that write it so; the message is none the worse. */
const tolerated = new Set([
  // No public specification fixes these two: revoke answers are known by their names, and a link report is told verbatim.
  'application/vnd.gsma.rcsrevoke+xml of another namespace',
  'application/vnd.gsma.rcslink-report+xml of another namespace',
  'application/vnd.gsma.rcslink-report+xml with an element twice',
]);

describe('documents of the network that are none [IWF-1625]', () => {
  let world: World;
  let phone: RawPhone;
  let chat: RawChat;
  before(async () => {
    world = await startWorld();
    await subscribe(world, 'spamreport');
    await subscribe(world, 'aliasmgmt');
    phone = await RawPhone.of(world);
    chat = await phone.chat({ callId: 'chat' });
  });
  after(async () => {
    phone.close();
    await world.stop();
  });

  const told = (): number => world.platform.callbacks.length;

  for (const type of Object.keys(documents) as Type[]) {
    const [good, namespace, once] = documents[type];
    const isOfCpim = type === 'message/imdn+xml' || type === 'application/im-iscomposing+xml';
    for (const [how, spoil] of Object.entries(spoilt)) {
      if (tolerated.has(`${type} ${how}`)) continue;
      const body = spoil(good, namespace, once);
      // The octets themselves: what the engine says of them is its own spec's affair (IWF-1615).
      if (how !== 'not in UTF-8')
        it(`${type} ${how}: SIP 400 or 415`, async () => {
          const before = told();
          const wrapped = isOfCpim ? cpim(body, { type }) : Buffer.from(body);
          const answer = await phone.ask('MESSAGE', {
            type: isOfCpim ? 'message/cpim' : type,
            body: wrapped.toString('latin1'),
          });
          expect(answer.status).to.be.oneOf([400, 413, 415]);
          expect(told()).to.equal(before);
        });
      if (!isOfCpim) continue;
      it(`${type} ${how}: MSRP 400 or 415, and the session goes on`, async () => {
        expect(await chat.say(cpim(body, { type }))).to.be.oneOf([400, 413, 415]);
        expect(await chat.say(cpim('the next one'))).to.equal(200);
      });
    }
  }

  it('and the conversation goes on outside of a session', async () => {
    const next = cpim('after all of them', { id: 'after' }).toString();
    expect((await phone.ask('MESSAGE', { type: 'message/cpim', body: next })).status).to.equal(200);
    await world.platform.waitFor(({ body }) => body['messageId'] === 'after');
  });
});
