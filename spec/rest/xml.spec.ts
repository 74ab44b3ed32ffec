import { expect } from 'chai';
import { parseXml } from '../../lib/resources/forms/xml-form.js';
import { botPath, type Face, messages, openFace, serverRoot } from './fake-gateway.js';

const ns = 'xmlns:chat="urn:oma:xml:rest:netapi:chat:1"';
const hello = `<chat:chatMessage ${ns}><text>héllo</text><clientCorrelator>c</clientCorrelator></chat:chatMessage>`;
const asXml = { 'Content-Type': 'application/xml' };

describe('rest: the XML form', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());

  it('takes XML and answers in XML where nothing else is asked for [IWF-1501]', async () => {
    const reply = await face.call('POST', messages, hello, asXml);
    expect(reply.status).to.equal(201);
    expect(reply.headers.get('content-type')).to.equal('application/xml; charset=utf-8');
    expect(parseXml(reply.text)).to.deep.equal({
      resourceReference: { resourceURL: `${serverRoot}${messages}/m%201` },
    });
    expect(face.gateway.sent[0]?.message).to.deep.equal({ text: 'héllo', clientCorrelator: 'c' });
  });

  it('the same request in XML and in JSON is the same request [IWF-1531]', async () => {
    await face.call('POST', messages, hello, { 'Content-Type': 'text/xml; charset=utf-8' });
    await face.call('POST', messages, { chatMessage: { text: 'héllo', clientCorrelator: 'c' } });
    const [xml, json] = face.gateway.sent.map((sent) => sent.idempotency?.fingerprint);
    expect(xml).to.equal(json);
  });

  it('answers in the form of Accept, whatever the body’s [IWF-1501]', async () => {
    const inJson = await face.call('POST', messages, hello, { ...asXml, Accept: 'application/json' });
    expect(inJson.body).to.have.nested.property('resourceReference.resourceURL');
    const liked: [accept: string, type: string][] = [
      ['application/xml', 'application/xml'],
      ['text/xml', 'application/xml'],
      ['text/*', 'application/xml'],
      ['application/json;q=0.5, application/xml', 'application/xml'],
      ['application/xml;q=0.5, */*', 'application/json'],
      ['application/xml, application/json', 'application/json'],
      ['application/*', 'application/json'],
    ];
    for (const [Accept, type] of liked) {
      const reply = await face.call('GET', `${messages}/m%201`, undefined, { Accept });
      expect(reply.headers.get('content-type'), Accept).to.contain(type);
      expect(reply.text).to.contain('héllo');
    }
  });

  it('keeps the form of the subscription for its notifications [IWF-1518]', async () => {
    const reply = await face.call(
      'POST',
      `/chat/v1/${botPath}/subscriptions`,
      `<c:chatNotificationSubscription xmlns:c="urn:oma:xml:rest:netapi:chat:1"><callbackReference><notifyURL>https://p.example/</notifyURL></callbackReference></c:chatNotificationSubscription>`,
      asXml,
    );
    expect(reply.text).to.contain('<notificationFormat>XML</notificationFormat>');
    const listed = await face.call('GET', `/chat/v1/${botPath}/subscriptions`, undefined, { Accept: 'text/xml' });
    expect(listed.text)
      .to.contain('<chat:chatSubscriptionList')
      .and.to.contain('<chatNotificationSubscription><callback');
  });

  it('refuses in the form that was asked for, wherever the refusal is made', async () => {
    const Accept = 'application/xml';
    const refusals: [status: number, reply: ReturnType<Face['call']>][] = [
      [400, face.call('POST', messages, `<!DOCTYPE a>${hello}`, asXml)],
      [401, face.call('GET', `${messages}/m`, undefined, { Accept, Authorization: '' })],
      [404, face.call('GET', '/nothing', undefined, { Accept })],
      [405, face.call('DELETE', messages, undefined, { Accept })],
    ];
    for (const [status, pending] of refusals) {
      const reply = await pending;
      expect(reply.status).to.equal(status);
      expect(reply.text).to.contain('<common:requestError xmlns:common="urn:oma:xml:rest:netapi:common:1">');
    }
  });
});
