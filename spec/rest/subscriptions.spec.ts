import { expect } from 'chai';
import { ApiError } from '../../lib/resources/api-error.js';
import { subscriptionRoots, type SubscriptionApi } from '../../lib/resources/subscription.js';
import { botPath, type Face, openFace, serverRoot } from './fake-gateway.js';

const callbackReference = { notifyURL: 'https://p.example/n', callbackData: 'x' };

describe('rest/routes/subscriptions', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());

  for (const [api, { one, list }] of Object.entries(subscriptionRoots)) {
    const path = `/${api}/v1/${botPath}/subscriptions`;

    it(`${api}: creates, lists, shows, prolongs, ends [IWF-1510]`, async () => {
      const created = await face.call('POST', path, {
        [one]: { callbackReference, duration: 600, clientCorrelator: 'c' },
      });
      expect(created.status).to.equal(201);
      expect(face.gateway.correlators).to.deep.equal(['c']);
      const resourceURL = `${serverRoot}${path}/s1`;
      expect(created.headers.get('location')).to.equal(resourceURL);
      const shown = {
        callbackReference: { ...callbackReference, notificationFormat: 'JSON' },
        ...{
          clientCorrelator: 'c',
          duration: 600,
          confirmedChatSupported: false,
          adhocChatSupported: true,
          resourceURL,
        },
      };
      expect(created.body).to.deep.equal({ [one]: shown });

      await face.clock.advance(100_000);
      expect((await face.call('GET', `${path}/s1`)).body).to.deep.equal({ [one]: { ...shown, duration: 500 } });
      expect((await face.call('GET', path)).body).to.deep.equal({
        [list]: { [one]: [{ ...shown, duration: 500 }], resourceURL: serverRoot + path },
      });
      const prolonged = await face.call('PUT', `${path}/s1`, { [one]: { duration: '7200' } });
      expect([prolonged.status, prolonged.body]).to.deep.equal([200, { [one]: { ...shown, duration: 7200 } }]);

      const ended = await face.call('DELETE', `${path}/s1`);
      expect([ended.status, ended.text]).to.deep.equal([204, '']);
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const gone = await face.call(method, `${path}/s1`, method === 'PUT' ? { [one]: {} } : undefined);
        expect([gone.status, gone.refusal], method).to.deep.equal([404, 'SVC2008 subscription']);
      }
    });

    it(`${api}: refuses another API’s root`, async () => {
      const other = api === 'chat' ? 'aliasNotificationSubscription' : 'chatNotificationSubscription';
      const reply = await face.call('POST', path, { [other]: { callbackReference } });
      expect([reply.status, reply.refusal]).to.deep.equal([400, `SVC0002 ${one}`]);
    });
  }

  it('keeps the subscriptions of each API apart', async () => {
    await face.call('POST', `/chat/v1/${botPath}/subscriptions`, {
      chatNotificationSubscription: { callbackReference },
    });
    const others: SubscriptionApi[] = ['capabilitydiscovery', 'spamreport', 'aliasmgmt'];
    for (const api of others)
      expect((await face.call('GET', `/${api}/v1/${botPath}/subscriptions/s1`)).status).to.equal(404);
  });

  it('hands on what judging the notifyURL says', async () => {
    face.gateway.failure = new ApiError('POL0001', ['notifyURL host is not allowed']);
    const reply = await face.call('POST', `/chat/v1/${botPath}/subscriptions`, {
      chatNotificationSubscription: { callbackReference },
    });
    expect([reply.status, reply.refusal]).to.deep.equal([403, 'POL0001 notifyURL host is not allowed']);
  });
});

describe('rest/routes/capability-discovery', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());
  const contacts = `/capabilitydiscovery/v1/${botPath}/contactCapabilities`;

  it('shows what a contact can do', async () => {
    const reply = await face.call('GET', `${contacts}/tel%3A%2B15550100001`);
    expect(reply.status).to.equal(200);
    expect(reply.body).to.deep.equal({
      contactServiceCapabilities: {
        contactId: 'tel:+15550100001',
        serviceCapability: [{ capabilityId: 'Chat', status: 'Enabled' }],
        resourceURL: `${serverRoot}${contacts}/tel%3A%2B15550100001`,
      },
    });
  });

  it('asks the network whatever is cached only with refresh', async () => {
    for (const query of ['', '?refresh', '?refresh=true', '?refresh=false'])
      await face.call('GET', `${contacts}/tel:+1${query}`);
    expect(face.gateway.asked.map((asked) => asked.refresh)).to.deep.equal([false, true, true, false]);
  });

  it('tells a stranger from one who does not answer [IWF-507]', async () => {
    const stranger = await face.call('GET', `${contacts}/tel:+1404`);
    expect([stranger.status, stranger.refusal]).to.deep.equal([404, 'SVC2008 contact']);
    const silent = await face.call('GET', `${contacts}/tel:+1503`);
    expect([silent.status, silent.refusal, silent.headers.get('retry-after')]).to.deep.equal([503, 'SVC1000', '30']);
    expect((await face.call('GET', `${contacts}/nobody`)).refusal).to.equal('SVC0004 contactId');
  });

  it('lets a platform ask about so many distinct contacts an hour [IWF-509]', async () => {
    await face.close();
    const { defaultRestLimits } = await import('../../lib/rest/deps.js');
    face = await openFace({ limits: { ...defaultRestLimits, contactsPerHour: 2 } });
    const ask = async (contact: string) => (await face.call('GET', `${contacts}/${contact}`)).status;
    expect([await ask('tel:1'), await ask('tel:2'), await ask('tel:1'), await ask('tel:3')]).to.deep.equal([
      200, 200, 200, 429,
    ]);
    await face.clock.advance(3_599_500);
    const refused = await face.call('GET', `${contacts}/tel:3`);
    expect([refused.refusal, refused.headers.get('retry-after')]).to.deep.equal(['POL0001 too many contacts', '1']);
    await face.clock.advance(500);
    expect(await ask('tel:3')).to.equal(200);
  });
});
