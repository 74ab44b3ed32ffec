import { expect } from 'chai';
import { contentBytes, parseChatMessage, printChatMessage } from '../../lib/resources/chat-message.js';
import { refusal, refused } from './failure.js';

const message = (members: object) => ({ chatMessage: members });

describe('resources/chat-message', () => {
  it('reads text with what goes with it [IWF-120]', () => {
    const given = {
      text: 'hello',
      reportRequest: ['Delivered', 'Displayed'],
      trafficType: 'advertisement',
      serviceCapability: [{ capabilityId: 'ChatbotSA', version: '#=1' }],
      conversationID: 'c',
      contributionID: 'd',
      inReplyToContributionID: 'e',
      senderName: 'Bot',
      expiry: 60,
      clientCorrelator: 'c1',
    };
    expect(parseChatMessage(message(given))).to.deep.equal(given);
  });

  it('reads bodyText with its type [IWF-120]', () => {
    const given = { bodyText: 'aGk=', contentType: 'text/plain;charset=utf-8', contentEncoding: 'base64' };
    expect(parseChatMessage(message(given))).to.deep.equal(given);
  });

  it('reads the dialect of quoted scalars and collapsed lists [IWF-1502]', () => {
    const given = {
      text: 'x',
      expiry: '60',
      reportRequest: 'DELIVERED',
      serviceCapability: { capabilityId: 'ChatbotSA' },
    };
    expect(parseChatMessage(message(given))).to.deep.equal({
      text: 'x',
      expiry: 60,
      reportRequest: ['Delivered'],
      serviceCapability: [{ capabilityId: 'ChatbotSA' }],
    });
  });

  it('ignores unknown members, and what is the server’s to say', () => {
    const body = JSON.parse(
      '{"chatMessage":{"text":"x","new":1,"resourceURL":"http://evil","__proto__":{"expiry":5}}}',
    ) as unknown;
    const read = parseChatMessage(body);
    expect(read).to.deep.equal({ text: 'x' });
    expect(read.expiry).to.equal(undefined);
  });

  it('takes a member that is null for none, as serializers write what is not set', () => {
    const unset = { clientCorrelator: null, senderName: null, expiry: null, contentEncoding: null, fileTransfer: null };
    expect(parseChatMessage(message({ text: 'x', ...unset, resourceURL: null }))).to.deep.equal({ text: 'x' });
  });

  const bad: [members: object, refusal: string][] = [
    [{}, 'SVC0002 chatMessage.text'],
    [{ text: '' }, 'SVC0002 chatMessage.text'],
    [{ text: 5 }, 'SVC0002 chatMessage.text'],
    [{ text: null }, 'SVC0002 chatMessage.text'],
    [{ text: ['x'] }, 'SVC0002 chatMessage.text'],
    [{ text: 'x', bodyText: 'x', contentType: 'text/plain' }, 'SVC0002 chatMessage.text'],
    [{ text: 'x', contentType: 'application/json' }, 'SVC0002 chatMessage.contentType'],
    [{ text: 'x', contentEncoding: 'base64' }, 'SVC0002 chatMessage.contentEncoding'],
    [{ bodyText: '', contentType: 'a/b' }, 'SVC0002 chatMessage.bodyText'],
    [{ bodyText: 'x' }, 'SVC0002 chatMessage.contentType'],
    [{ bodyText: 'x', contentType: 'nonsense' }, 'SVC0002 chatMessage.contentType'],
    [{ bodyText: 'x', contentType: 'text/plain\r\nX: y' }, 'SVC0002 chatMessage.contentType'],
    [{ bodyText: 'x', contentType: 'text/plain; a=\r\nX: y' }, 'SVC0002 chatMessage.contentType'],
    [{ bodyText: 'a', contentType: 'a/b', contentEncoding: 'base64' }, 'SVC0002 chatMessage.bodyText'],
    [{ bodyText: '*aaa', contentType: 'a/b', contentEncoding: 'base64' }, 'SVC0002 chatMessage.bodyText'],
    [{ bodyText: 'aaa*', contentType: 'a/b', contentEncoding: 'base64' }, 'SVC0002 chatMessage.bodyText'],
    [{ bodyText: 'a\n==', contentType: 'a/b', contentEncoding: 'base64' }, 'SVC0002 chatMessage.bodyText'],
    [{ bodyText: 'a', contentType: 'a/b', contentEncoding: 'gzip' }, 'SVC0003 chatMessage.contentEncoding'],
    [{ text: 'x', expiry: 0 }, 'SVC0002 chatMessage.expiry'],
    [{ text: 'x', expiry: -1 }, 'SVC0002 chatMessage.expiry'],
    [{ text: 'x', expiry: 1.5 }, 'SVC0002 chatMessage.expiry'],
    [{ text: 'x', expiry: '060' }, 'SVC0002 chatMessage.expiry'],
    [{ text: 'x', expiry: '60s' }, 'SVC0002 chatMessage.expiry'],
    [{ text: 'x', reportRequest: ['Sent', 'Read'] }, 'SVC0003 chatMessage.reportRequest[1]'],
    [{ text: 'x', reportRequest: Array(17).fill('Sent') }, 'SVC0002 chatMessage.reportRequest'],
    [{ text: 'x', senderName: 'a\r\nVia: b' }, 'SVC0002 chatMessage.senderName'],
    [{ text: 'x', trafficType: 'a\u0000' }, 'SVC0002 chatMessage.trafficType'],
    [{ text: 'x', conversationID: 'a'.repeat(257) }, 'SVC0280 256'],
    [{ text: 'x', serviceCapability: [{ version: '1' }] }, 'SVC0002 chatMessage.serviceCapability[0].capabilityId'],
    [{ text: 'x', serviceCapability: [7] }, 'SVC0002 chatMessage.serviceCapability[0]'],
  ];
  for (const [members, expected] of bad) {
    it(`refuses ${JSON.stringify(members).slice(0, 90)}`, () => {
      expect(refused(() => parseChatMessage(message(members)))).to.equal(expected);
    });
  }

  it('says which values are valid, in the spelling of the API', () => {
    const error = refusal(() => parseChatMessage(message({ text: 'x', contentEncoding: 'gzip' })));
    expect(error.variables).to.deep.equal(['chatMessage.contentEncoding', 'utf8, base64']);
    expect(error.status).to.equal(400);
  });

  it('wants exactly one root element', () => {
    for (const body of [undefined, null, 'x', 5, [], {}, { other: {} }, { chatMessage: { text: 'x' }, other: {} }])
      expect(refused(() => parseChatMessage(body))).to.equal('SVC0002 chatMessage');
    expect(refused(() => parseChatMessage({ chatMessage: 'x' }))).to.equal('SVC0002 chatMessage');
    expect(refused(() => parseChatMessage({ chatMessage: [] }))).to.equal('SVC0002 chatMessage');
  });

  it('prints in the order of the API', () => {
    const printed = printChatMessage({ resourceURL: 'u', clientCorrelator: 'c', text: 'hi', reportRequest: ['Sent'] });
    expect(JSON.stringify(printed)).to.equal(
      '{"chatMessage":{"text":"hi","reportRequest":["Sent"],"clientCorrelator":"c","resourceURL":"u"}}',
    );
  });

  it('counts the content as the network carries it', () => {
    expect(contentBytes({ text: 'é' })).to.equal(2);
    expect(contentBytes({ bodyText: 'aGk=', contentEncoding: 'base64' })).to.equal(2);
    expect(contentBytes({ bodyText: 'aGk=', contentEncoding: 'utf8' })).to.equal(4);
    expect(contentBytes({})).to.equal(0);
  });
});
