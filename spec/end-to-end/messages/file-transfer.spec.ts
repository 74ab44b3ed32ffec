import { expect } from 'chai';
import { parseXml } from '../../../lib/resources/forms/xml-form.js';
import { fileTransferHttpContentType, parseFileTransferHttp } from '../../../lib/wire/rcs/file-transfer-http.js';
import { startCallbackServer } from '../../support/callback-server.js';
import { fixture } from '../../wire/fixtures.js';
import { bot, contact, key, startWorld, type World } from '../world.js';

const chat = `/chat/v1/${encodeURIComponent(bot)}`;
const withUser = `${chat}/oneToOne/${encodeURIComponent(contact)}`;
const until = '2026-11-29T10:00:00Z';
const thumbnail = { url: 'https://ft.example.com/t', size: 2048, contentType: 'image/png', until };
const file = {
  url: 'https://ft.example.com/f?id=1&k=2',
  size: 1_024_000,
  contentType: 'image/jpeg',
  name: 'DSCN0001.jpg',
  until,
};
const inWire = [
  { type: 'thumbnail', ...thumbnail },
  { type: 'file', ...file },
];

describe('files by URL in members, over real sockets', () => {
  let world: World;

  before(async () => (world = await startWorld()));
  after(() => world.stop());

  const arrived = async (messageUrl: string | undefined) => {
    const messageId = decodeURIComponent(messageUrl?.split('/').at(-1) ?? '');
    const { phone } = world;
    await phone.until(() => phone.inbox.some((one) => one.messageId === messageId));
    const found = phone.inbox.find((one) => one.messageId === messageId);
    if (!found) throw new Error('nothing arrived');
    return found;
  };
  const told = async (document: string | Buffer) => {
    const messageId = await world.phone.send(bot, document.toString(), fileTransferHttpContentType);
    const { body } = await world.platform.waitFor((one) => one.body['messageId'] === messageId);
    return body['chatMessage'] as Readonly<Record<string, unknown>>;
  };

  it('a bot posts a file, the phone gets the document, and GET shows what was posted [IWF-606]', async () => {
    const { status, location, body } = await world.platform.send(contact, {
      fileTransfer: { file, thumbnail },
      reportRequest: ['Sent'],
    });
    expect(status, JSON.stringify(body)).to.equal(201);
    const { contentType, content } = await arrived(location);
    expect(contentType).to.equal(fileTransferHttpContentType);
    expect(parseFileTransferHttp(content).files).to.deep.equal(inWire);
    const shown = (await world.platform.request('GET', String(location))).body;
    expect(shown).to.have.deep.nested.property('chatMessage.fileTransfer', { file, thumbnail });
  });

  it('in XML and with quoted numbers, too [IWF-606]', async () => {
    const members = (one: typeof thumbnail) =>
      Object.entries(one)
        .map(([name, value]) => `<${name}>${String(value).replace('&', '&amp;')}</${name}>`)
        .join('');
    const response = await fetch(`${world.serverRoot}${withUser}/adhoc/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/xml' },
      body: `<c:chatMessage xmlns:c="urn:oma:xml:rest:netapi:chat:1"><fileTransfer><thumbnail>${members(thumbnail)}</thumbnail><file>${members(file)}</file></fileTransfer></c:chatMessage>`,
    });
    expect(response.status).to.equal(201);
    expect(parseXml(await response.text())).to.have.nested.property('resourceReference.resourceURL');
    expect(parseFileTransferHttp((await arrived(response.headers.get('location') ?? '')).content).files).to.deep.equal(
      inWire,
    );
    const quoted = { fileTransfer: { file: { ...file, size: '1024000' } } };
    const { location } = await world.platform.request('POST', `${withUser}/adhoc/messages`, { chatMessage: quoted });
    expect(parseFileTransferHttp((await arrived(location)).content).files).to.deep.equal([inWire[1]]);
  });

  it('the same clientCorrelator with the same file is the same message', async () => {
    const message = { fileTransfer: { file }, clientCorrelator: 'file-1' };
    const [one, two] = [await world.platform.send(contact, message), await world.platform.send(contact, message)];
    expect(two.location).to.equal(one.location);
    const other = await world.platform.send(contact, { ...message, fileTransfer: { file: thumbnail } });
    expect(other.status).to.equal(409);
  });

  it('bad input is refused by its name, and nothing goes out [IWF-608]', async () => {
    const before = world.phone.inbox.length;
    const refusal = async (chatMessage: object) => {
      const answer = await world.platform.request('POST', `${withUser}/adhoc/messages`, { chatMessage });
      const { requestError } = answer.body as { requestError: { serviceException: { variables: string[] } } };
      return [answer.status, requestError.serviceException.variables[0]];
    };
    const at = 'chatMessage.fileTransfer';
    expect(await refusal({ fileTransfer: { file: { ...file, url: 'ftp://x/' } } })).to.deep.equal([
      400,
      `${at}.file.url`,
    ]);
    expect(await refusal({ fileTransfer: { file: { ...file, size: -1 } } })).to.deep.equal([400, `${at}.file.size`]);
    expect(await refusal({ text: 'x', fileTransfer: { file } })).to.deep.equal([400, at]);
    const { location } = await world.platform.send(contact, { text: 'after' });
    await arrived(location);
    expect(world.phone.inbox.slice(before).map(({ text }) => text)).to.deep.equal(['after']);
  });

  for (const name of ['pretty', 'no-namespace', 'unbound-prefix', 'other-order', 'prefixed', 'no-type']) {
    it(`a user's document (${name}) comes verbatim, and in members beside [IWF-607]`, async () => {
      const document = fixture(`rcs/file-transfer-http/tolerated/${name}.xml`);
      const message = await told(document);
      expect(message).to.include({ contentType: fileTransferHttpContentType, bodyText: document.toString() });
      const audio = name === 'unbound-prefix' ? { playingLength: 12_500 } : {};
      expect(message['fileTransfer']).to.deep.equal({ thumbnail, file: { ...file, ...audio } });
    });
  }

  it('members and document come in XML, too', async () => {
    const server = await startCallbackServer();
    const callbackReference = { notifyURL: server.url, notificationFormat: 'XML' };
    const subscription = await world.platform.request('POST', `${chat}/subscriptions`, {
      chatNotificationSubscription: { callbackReference },
    });
    const document = fixture('rcs/file-transfer-http/tolerated/prefixed.xml').toString();
    const messageId = await world.phone.send(bot, document, fileTransferHttpContentType);
    const { body } = await server.waitFor((one) => one.body.includes(messageId));
    expect(parseXml(body.toString())).to.deep.nested.include({
      'chatMessageNotification.chatMessage.bodyText': document,
      'chatMessageNotification.chatMessage.fileTransfer': {
        file: { ...file, size: String(file.size) },
        thumbnail: { ...thumbnail, size: String(thumbnail.size) },
      },
    });
    expect((await world.platform.request('DELETE', String(subscription.location))).status).to.equal(204);
    await server.close();
  });

  it('a document that cannot be read comes verbatim alone, and both are counted [IWF-607]', async () => {
    const bodyText = '<file><file-info type="file"><file-size>many</file-size>';
    const message = await told(bodyText);
    expect(message).to.include({ contentType: fileTransferHttpContentType, bodyText });
    expect(message).not.to.have.property('fileTransfer');
    const metrics = await (await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/metrics`)).text();
    expect(metrics).to.match(/iwf_file_documents_total\{form="document"\} 1\n/);
    expect(metrics).to.match(/iwf_file_documents_total\{form="members"\} 7\n/);
  });

  it('both ways in a confirmed session', async () => {
    const callbackReference = { notifyURL: world.platform.notifyURL };
    await world.platform.request('POST', `${chat}/subscriptions`, {
      chatNotificationSubscription: { callbackReference, confirmedChatSupported: true, adhocChatSupported: false },
    });
    const invited = await world.platform.request('POST', withUser, { chatSessionInformation: {} });
    await world.platform.waitFor(({ body }) => body['eventType'] === 'Accepted');
    const chatMessage = { fileTransfer: { file, thumbnail } };
    const { location } = await world.platform.request('POST', `${String(invited.location)}/messages`, { chatMessage });
    expect(parseFileTransferHttp((await arrived(location)).content).files).to.deep.equal(inWire);
    const message = await told(fixture('rcs/file-transfer-http/canonical/file.xml'));
    expect(message).to.have.nested.property('fileTransfer.file.url');
  });
});
