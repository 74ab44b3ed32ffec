import { expect } from 'chai';
import { Handsets } from '../../../scripts/crash/handsets.js';
import type { ChatMessage } from '../../../lib/resources/chat-message.js';
import { cpimContentType, cpimHeader } from '../../../lib/wire/cpim.js';
import { cpim, rawContact, RawPhone } from '../raw-phone.js';
import { describeOnEachEngine } from '../each-engine.js';
import { contact, startWorld, type World } from '../world.js';

const richCard = 'application/vnd.gsma.botmessage.v1.0+json';
const response = 'application/vnd.gsma.botsuggestion.response.v1.0+json';
/** Key order, odd white space, escapes, an unknown member, a number that JavaScript would print otherwise. */
const peculiar = '{ "b" : 1.0,\n\t"a":"\\u00e4\\/ä 🎉",  "B":[ 1e2 , -0.0 ],"x-unknown":{"z":1,"y":2}}\r\n';

describeOnEachEngine('content goes through octet for octet', (engine) => {
  let world: World;
  let handsets: Handsets;
  let phone: RawPhone;

  before(async () => {
    handsets = new Handsets();
    await handsets.start();
    world = await startWorld({ engine, config: { sip: { nextHop: handsets.nextHop } } });
    phone = await RawPhone.of(world);
  });
  after(async () => {
    phone.close();
    handsets.stop();
    await world.stop();
  });

  async function delivered(message: ChatMessage): Promise<Handsets['arrivals'][number]> {
    const before = handsets.arrivals.length;
    const { status, body } = await world.platform.send(contact, message);
    expect(status, JSON.stringify(body)).to.equal(201);
    await handsets.until(() => handsets.arrivals.length > before);
    const arrival = handsets.arrivals[before];
    if (!arrival) throw new Error('nothing arrived');
    return arrival;
  }

  async function told(content: string | Buffer, parts: object): Promise<Readonly<Record<string, unknown>>> {
    const id = `content-${world.platform.callbacks.length}-${Math.random()}`;
    const chat = await phone.chat();
    expect(await chat.say(cpim(content, { id, ...parts }))).to.equal(200);
    const callback = await world.platform.waitFor(({ body }) => body['messageId'] === id);
    return callback.body['chatMessage'] as Readonly<Record<string, unknown>>;
  }

  describe('from the bot to the user', () => {
    for (const mode of ['utf8', 'base64'] as const) {
      it(`bot JSON, ${mode} [IWF-103]`, async () => {
        const bodyText = mode === 'utf8' ? peculiar : Buffer.from(peculiar).toString('base64');
        const arrival = await delivered({ contentType: richCard, contentEncoding: mode, bodyText });
        expect(arrival.content.toString()).to.equal(peculiar);
        expect(cpimContentType(arrival.cpim)).to.equal(richCard);
      });
    }

    it('octets that are no text, in base64 [IWF-108]', async () => {
      const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
      const bodyText = octets.toString('base64');
      const arrival = await delivered({ contentType: 'application/octet-stream', contentEncoding: 'base64', bodyText });
      expect(arrival.content.equals(octets)).to.equal(true);
    });

    it('a message of several parts: a card with its suggestions [IWF-104]', async () => {
      const contentType = 'multipart/mixed; boundary="next"';
      const bodyText = `--next\r\nContent-Type: ${richCard}\r\n\r\n${peculiar}\r\n--next--\r\n`;
      const arrival = await delivered({ contentType, bodyText });
      expect(arrival.content.toString()).to.equal(bodyText);
      expect(cpimContentType(arrival.cpim)).to.equal(contentType);
    });

    it('the name that the bot gives itself, in CPIM From [IWF-124]', async () => {
      const { cpim: arrived } = await delivered({ text: 'x', senderName: 'The "Shop", Žďár' });
      expect(cpimHeader(arrived, undefined, 'From')).to.equal(
        '"The \\"Shop\\", Žďár"<sip:anonymous@anonymous.invalid>',
      );
    });

    it('text with line ends, dashes and what looks like MSRP [IWF-113]', async () => {
      const text = '-------abc$\r\nMSRP abc 200 OK\n\n\r\rend-------';
      expect((await delivered({ text })).content.toString()).to.equal(text);
    });

    it('a message of many chunks [IWF-114]', async () => {
      const text = 'žluťoučký 🐎 '.repeat(20_000);
      expect((await delivered({ text })).content.toString()).to.equal(text);
    });
  });

  describe('from the user to the bot', () => {
    it('bot JSON [IWF-115]', async () => {
      const message = await told(peculiar, { type: response });
      expect(message).to.include({ contentType: response, bodyText: peculiar });
    });

    it('base64 in CPIM is undone [IWF-107]', async () => {
      const encoded = Buffer.from(peculiar).toString('base64');
      const message = await told(encoded, { type: response, lines: ['Content-Transfer-Encoding: base64'] });
      expect(message).to.include({ contentType: response, bodyText: peculiar });
    });

    it('octets that are no text come in base64 [IWF-111]', async () => {
      const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
      const message = await told(octets, { type: 'image/x-own' });
      expect(message).to.include({ contentEncoding: 'base64', bodyText: octets.toString('base64') });
    });

    it('text of a hundred kilobytes, in chunks [IWF-114]', async () => {
      const text = 'příliš 🎉 '.repeat(8000);
      const id = 'in-chunks';
      const bytes = cpim(text, { id });
      const chat = await phone.chat();
      const size = 2048;
      for (let at = 0; at < bytes.length; at += size) {
        const body = bytes.subarray(at, at + size);
        const flag = at + size < bytes.length ? '+' : '$';
        const range = `${at + 1}-${at + body.length}/${bytes.length}`;
        expect(await chat.say(body, { id: 'chunked', range, flag })).to.equal(200);
      }
      const callback = await world.platform.waitFor(({ body }) => body['messageId'] === id);
      expect(callback.body['chatMessage']).to.include({ text });
      expect(callback.body).to.include({ senderAddress: rawContact });
    });
  });
});
