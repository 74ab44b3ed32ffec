import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { Operator } from '../operator.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { bot, contact, startWorld, type World } from '../world.js';

/** Texts that some printer would end a line with: as octets, escaped, and as characters whose low octets are CR and LF. */
const breaks: Readonly<Record<string, string>> = {
  'CR LF': '\r\nEvil: 1',
  LF: '\nEvil: 1',
  CR: '\rEvil: 1',
  NUL: '\0Evil: 1',
  'CR LF CR LF': '\r\n\r\nEvil: 1',
  escaped: '%0d%0aEvil: 1',
  'characters above 255': '\u010d\u010aEvil: 1',
  'line separator': '\u2028Evil: 1',
  'next line': '\u0085Evil: 1',
};

/** A line of its own, whatever ends lines. */
const evilLine = /(?:^|[\r\n\0])\s*Evil:/i;

/** Start line and headers. */
function headOf(text: string): string {
  return text.slice(0, text.indexOf('\r\n\r\n'));
}

/** A platform that keeps the octets of what it is told. */
class RawCallbacks {
  readonly seen: string[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        this.seen.push(chunk.toString('latin1'));
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/cb`;
  }

  close(): void {
    this.server.close();
    this.server.unref();
  }
}

describe('no value begins a header of its own [IWF-1623]', () => {
  let world: World;
  let operator: Operator;
  let phone: RawPhone;
  const callbacks = new RawCallbacks();

  before(async () => {
    operator = await Operator.listen();
    world = await startWorld({ mode: 'standalone', config: { sip: { nextHop: operator.hop, pagerMaxBytes: 8000 } } });
    phone = await RawPhone.of(world);
    const callbackReference = { notifyURL: await callbacks.listen(), callbackData: 'x\r\nEvil: 1' };
    const chat = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    const made = await world.platform.request('POST', chat, { chatNotificationSubscription: { callbackReference } });
    expect(made.status).to.equal(201);
  });
  after(async () => {
    phone.close();
    callbacks.close();
    await world.stop();
    await operator.close();
  });

  const places = ['senderName', 'trafficType', 'conversationID', 'contributionID', 'inReplyToContributionID'] as const;

  describe('from REST to SIP and CPIM', () => {
    const fields: Readonly<Record<string, (value: string) => object>> = {
      ...Object.fromEntries(places.map((name) => [name, (value: string) => ({ [name]: `a${value}` })])),
      contentType: (value) => ({ contentType: `text/plain;charset=utf-8;x=a${value}` }),
      'quoted contentType': (value) => ({ contentType: `text/plain;charset=utf-8;x="a${value}"` }),
      capabilityId: (value) => ({ serviceCapability: [{ capabilityId: `a${value}`, version: `1${value}` }] }),
      clientCorrelator: (value) => ({ clientCorrelator: `${randomUUID()}${value}` }),
    };
    for (const [field, message] of Object.entries(fields)) {
      it(field, async () => {
        for (const [name, text] of Object.entries(breaks)) {
          const marker = randomUUID();
          const { status } = await world.platform.send(contact, { text: marker, ...message(text) });
          expect([201, 400], `${name}: ${status}`).to.include(status);
          if (status === 400) continue;
          const request = await operator.waitFor('MESSAGE ', (seen) => seen.includes(marker));
          expect(request, name).not.to.match(evilLine);
        }
      });
    }

    it('the contact of the path', async () => {
      const before = operator.seen.length;
      for (const text of Object.values(breaks)) {
        for (const user of [
          `tel:+15550100001${text}`,
          `sip:a${text}@ims.example.net`,
          `sip:a@ims.example.net;x=${text}`,
        ]) {
          const { status } = await world.platform.send(user, { text: 'hello' });
          expect(status, JSON.stringify(user)).to.equal(400);
        }
      }
      expect(operator.seen.slice(before).join('')).not.to.match(evilLine);
    });

    let users = 0;
    for (const field of ['subject', 'originatorName', 'tParticipantName', 'clientCorrelator'] as const) {
      it(`${field} of an invitation`, async () => {
        for (const [name, text] of Object.entries(breaks)) {
          users++;
          const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/tel%3A%2B1555011${1000 + users}`;
          const marker = randomUUID();
          const chatSessionInformation = { subject: marker, clientCorrelator: marker, [field]: `${marker}${text}` };
          const { status, location } = await world.platform.request('POST', path, { chatSessionInformation });
          expect([201, 400], `${name}: ${status}`).to.include(status);
          if (status === 400) continue;
          expect(location).to.match(/^http:[!-~]+$/);
          if (field === 'clientCorrelator') continue;
          const request = await operator.waitFor('INVITE ', (seen) => seen.includes(marker));
          expect(request, name).not.to.match(evilLine);
        }
      });
    }

    it('ids in paths: no answer has a line of theirs', async () => {
      for (const text of Object.values(breaks)) {
        for (const path of ['subscriptions/x', 'oneToOne/tel%3A%2B15550100001/adhoc/messages/x'].map(
          (p) => p + encodeURIComponent(text),
        )) {
          const response = await fetch(`${world.serverRoot}/chat/v1/${encodeURIComponent(bot)}/${path}`, {
            headers: { authorization: 'Bearer a-key-of-the-spec' },
          });
          expect(response.status).to.be.within(400, 404);
          expect(response.headers.has('evil')).to.equal(false);
          await response.text();
        }
      }
    });
  });

  describe('from SIP to SIP and to HTTP', () => {
    /** In a SIP header a CR LF and a name is a header of the sender's own: what is tried is all the rest. */
    const inHeaders = Object.entries(breaks).filter(([, text]) => !text.includes('\r\n') && !text.includes('\nE'));

    const headers: Readonly<Record<string, (value: string) => string>> = {
      'Conversation-ID': (value) => `Conversation-ID: a${value}`,
      'Contribution-ID': (value) => `Contribution-ID: a${value}`,
      'InReplyTo-Contribution-ID': (value) => `InReplyTo-Contribution-ID: a${value}`,
      'P-Charging-Vector': (value) => `P-Charging-Vector: icid-value=a;x="${value}"`,
      Subject: (value) => `Subject: a${value}`,
      'Contact tags': (value) => `Accept-Contact: *;+g.gsma.rcs.botversion="#=1${value}"`,
      'User-Agent': (value) => `User-Agent: a${value}`,
    };
    for (const [name, header] of Object.entries(headers)) {
      it(`${name} of a MESSAGE`, async () => {
        for (const [kind, text] of inHeaders) {
          const marker = randomUUID();
          const body = cpim(marker, { id: marker, ask: 'positive-delivery, display' }).toString();
          const answer = await phone.ask('MESSAGE', { type: 'message/cpim', lines: [header(text)], body });
          expect(answer.text, kind).not.to.match(evilLine);
          if (kind === 'CR' || kind === 'NUL') expect(answer.status, kind).to.equal(400);
        }
      });
    }

    for (const user of [
      '"a%" <tel:+15550100002>',
      '"a" <sip:+15550100002%@ims.example.net;user=phone>',
      '<tel:+15550100002;x=%>',
    ]) {
      it(`P-Asserted-Identity ${user}`, async () => {
        for (const [kind, text] of inHeaders) {
          const lines = [`P-Asserted-Identity: ${user.replace('%', text)}`];
          const answer = await phone.ask('MESSAGE', { type: 'message/cpim', lines, body: cpim('hi').toString() });
          expect(answer.text, kind).not.to.match(evilLine);
        }
      });
    }

    /** Escaped line breaks are decoded by nobody; CR within a line of CPIM is refused. */
    for (const name of [
      'imdn.Message-ID',
      'imdn.IMDN-Record-Route',
      'imdn.Original-To',
      'From',
      'To',
      'DateTime',
      'maap.Traffic-Type',
    ]) {
      it(`${name} of CPIM: neither callback nor receipt has a line of its`, async () => {
        for (const [kind, text] of inHeaders) {
          const marker = randomUUID();
          const body = [
            ...(name === 'imdn.Message-ID' ? [] : [`imdn.Message-ID: ${marker}`]),
            'NS: imdn <urn:ietf:params:imdn>',
            'NS: maap <http://www.gsma.com/rcs/maap/>',
            `${name}: ${marker}${text}`,
            'imdn.Disposition-Notification: positive-delivery',
            '',
            'Content-Type: text/plain;charset=UTF-8',
            '',
            marker,
          ].join('\r\n');
          const answer = await phone.ask('MESSAGE', { type: 'message/cpim', body });
          expect(answer.text, kind).not.to.match(evilLine);
          if (answer.status !== 200) continue;
          await world.platform.waitFor(({ body: told }) => JSON.stringify(told).includes(marker));
        }
      });
    }

    it('a callback has no header but ours', async () => {
      const marker = randomUUID();
      const body = cpim(marker, { id: `${marker}%0d%0aEvil: 1` }).toString();
      expect((await phone.ask('MESSAGE', { type: 'message/cpim', body })).status).to.equal(200);
      await world.platform.waitFor(({ body: told }) => JSON.stringify(told).includes(marker));
      expect(callbacks.seen).not.to.be.empty;
      for (const request of callbacks.seen.filter((text) => text.startsWith('POST '))) {
        const [start, ...lines] = headOf(request).split('\r\n');
        expect(start).to.equal('POST /cb HTTP/1.1');
        for (const line of lines)
          expect(line.toLowerCase()).to.match(
            /^(host|connection|content-type|content-length|webhook-[a-z]+|accept|user-agent|date|link): [ -~]*$/,
          );
      }
    });

    it('no request to the network has a line of anybody but us', () => {
      expect(operator.seen.length).to.be.above(20);
      for (const text of operator.seen) expect(text).not.to.match(evilLine);
    });
  });
});
