/** Who is a chatbot: by registration, by the domain of its URI, or by the serverRoot that it comes in under. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { SimulatedPlatform } from '../../../lib/sim/platform.js';
import { headerOf } from '../../sip/raw-peer.js';
import { Operator } from '../operator.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { bot, contact, key, otherBot, otherKey, startWorld, type World } from '../world.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const ofDomain = 'sip:any-1@a.bots.example.net';
const ofRoot = 'sip:12520040106@elsewhere.example';
const chatbot = 'urn%3Aurn-7%3A3gpp-application.ims.iari.rcs.chatbot';

describe('who is a chatbot, over real sockets', () => {
  let world: World;
  let operator: Operator;
  let phone: RawPhone;
  const platforms: SimulatedPlatform[] = [];

  before(async () => {
    operator = await Operator.listen();
    world = await startWorld({
      config: ({ rest }) => ({
        sip: { nextHop: operator.hop, userUri: 'tel' },
        limits: { chatbotsPerRoot: 2 },
        platforms: [
          {
            id: 'spec',
            keys: [sha256(key)],
            chatbots: [{ uri: bot, version: '#=1,#=3', roles: ['session'], mode: 'session' }],
            domains: ['*.bots.example.net'],
            botDefaults: { version: '#=2', roles: ['standalone'], mode: 'standalone' },
            serverRoot: `http://127.0.0.1:${rest}/bots`,
            chatbotOnly: true,
            notify: { allow: ['127.0.0.1'] },
          },
          { id: 'other', keys: [sha256(otherKey)], chatbots: [{ uri: otherBot }], notify: { allow: ['127.0.0.1'] } },
        ],
      }),
    });
    phone = await RawPhone.of(world);
  });
  after(async () => {
    phone.close();
    await world.stop();
    await Promise.all([operator.close(), ...platforms.map((one) => one.stop())]);
  });

  /** A platform that speaks for one bot, under the one or the other root. */
  const platformOf = async (uri: string, path = '/bots', withKey = key): Promise<SimulatedPlatform> => {
    const platform = new SimulatedPlatform({ serverRoot: `${world.serverRoot}${path}`, key: withKey, bot: uri });
    platforms.push(platform);
    await platform.start();
    return platform;
  };
  let count = 0;
  /** The status that a user's message to the bot is answered with. */
  const heard = async (to: string, id = `m-${++count}`): Promise<number> => {
    const lines = ['Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"'];
    const body = cpim('hi', { id }).toString();
    return (await phone.ask('MESSAGE', { to, lines, type: 'message/cpim', body })).status;
  };
  const tagsOf = async (to: string): Promise<string> => (await phone.ask('OPTIONS', { to })).header('Contact') ?? '';
  const sentBy = (uri: string, method: string): Promise<string> =>
    operator.waitFor(`${method} `, (text) => headerOf(text, 'P-Asserted-Identity') === `<${uri}>`);

  it('one that is registered, as it is registered [IWF-1015]', async () => {
    expect(await tagsOf(bot))
      .to.contain('+g.gsma.rcs.isbot')
      .and.contain('+g.gsma.rcs.botversion="#=1,#=3"')
      .and.match(new RegExp(`${chatbot}[",]`));
    operator.answer = () => ({ statusLine: '603 Decline' });
    expect((await world.platform.send(contact, { text: 'x' })).status).to.equal(201);
    const invite = await sentBy(bot, 'INVITE');
    expect(invite).to.match(new RegExp(`\\r\\nAccept-Contact: \\*;\\+g.3gpp.iari-ref="${chatbot}";.*"#=1,#=3"`));
    expect(invite).to.match(/\r\nContact: <sip:shop@[^\r]*\+g\.gsma\.rcs\.isbot/);
    expect(await heard(bot, 'to-shop')).to.equal(200);
    const { body } = await world.platform.waitFor((one) => one.body['messageId'] === 'to-shop');
    expect(JSON.stringify(body['link'])).to.contain(`${world.serverRoot}/bots/chat/v1/`);
  });

  it('any of a domain, by the platform’s defaults, known to the network before it has said a word [IWF-1015]', async () => {
    expect(await heard('sip:any-1@bots.example.org')).to.equal(404);
    expect(await heard(ofDomain)).to.equal(480);
    const tags = await tagsOf(ofDomain);
    expect(tags).to.contain('+g.gsma.rcs.isbot').and.contain('+g.gsma.rcs.botversion="#=2"');
    expect(tags)
      .to.contain(`${chatbot}.sa`)
      .and.not.match(new RegExp(`${chatbot}[",]`));
    // Under any serverRoot.
    const platform = await platformOf(ofDomain, '');
    expect((await platform.subscribe()).status).to.equal(201);
    expect(await heard(ofDomain, 'to-domain')).to.equal(200);
    await platform.waitFor(({ body }) => body['messageId'] === 'to-domain');
    operator.answer = () => ({ statusLine: '200 OK' });
    expect((await platform.send(contact, { text: 'x' })).status).to.equal(201);
    expect(await sentBy(ofDomain, 'MESSAGE')).to.match(
      new RegExp(`\\r\\nAccept-Contact: \\*;\\+g.3gpp.iari-ref="${chatbot}.sa";.*"#=2"`),
    );
  });

  it('whoever comes in under a serverRoot for chatbots, and to the network from then on [IWF-1015]', async () => {
    expect(await heard(ofRoot)).to.equal(404);
    const elsewhere = await platformOf(ofRoot, '');
    expect((await elsewhere.subscribe()).status).to.equal(404);
    const platform = await platformOf(ofRoot);
    expect(await platform.subscriptions()).to.deep.equal([]);
    expect(await heard(ofRoot), 'a GET makes nothing known').to.equal(404);
    const subscribed = await platform.subscribe();
    expect([subscribed.status, subscribed.location]).to.satisfy(
      ([status, location]: [number, string]) =>
        status === 201 &&
        location.startsWith(`${world.serverRoot}/bots/chat/v1/sip%3A12520040106%40elsewhere.example/`),
    );
    expect(await heard(ofRoot, 'to-root')).to.equal(200);
    await platform.waitFor(({ body }) => body['messageId'] === 'to-root');
    expect(await tagsOf(ofRoot))
      .to.contain('+g.gsma.rcs.isbot')
      .and.contain('+g.gsma.rcs.botversion="#=2"');
    expect((await platform.send(contact, { text: 'x' })).status).to.equal(201);
    expect(await sentBy(ofRoot, 'MESSAGE')).to.match(
      new RegExp(`\\r\\nAccept-Contact: \\*;\\+g.3gpp.iari-ref="${chatbot}.sa";.*"#=2"`),
    );
  });

  it('…and after the gateway has started anew', async () => {
    await world.restart();
    phone.close();
    phone = await RawPhone.of(world);
    expect(await heard(ofRoot, 'to-root-again')).to.equal(200);
  });

  it('but no user, no bot of another platform, and none by another platform’s key [IWF-1017]', async () => {
    for (const uri of ['sip:+15550100001@elsewhere.example', 'sip:1@elsewhere.example;user=phone', 'tel:+15550100001'])
      expect((await (await platformOf(uri)).subscribe()).status, uri).to.equal(404);
    expect((await (await platformOf(otherBot)).subscribe()).status).to.equal(404);
    expect((await (await platformOf('sip:new@elsewhere.example', '/bots', otherKey)).subscribe()).status).to.equal(404);
    expect((await (await platformOf('sip:12520040106@elsewhere.example', '', otherKey)).subscribe()).status).to.equal(
      404,
    );
  });

  it('at another host the path alone decides nothing', async () => {
    const { status } = await fetch(
      `http://localhost:${world.ports.rest}/bots/chat/v1/${encodeURIComponent('sip:host@elsewhere.example')}/subscriptions`,
      { headers: { authorization: `Bearer ${key}` } },
    );
    expect(status).to.equal(404);
  });

  it('beyond the number that one serverRoot may have it is POL0001 [limits.chatbotsPerRoot]', async () => {
    const statuses = [];
    for (const user of ['two', 'three']) {
      const platform = await platformOf(`sip:${user}@elsewhere.example`);
      statuses.push((await platform.subscribe()).status, (await platform.subscribe()).status);
    }
    expect(statuses).to.deep.equal([201, 201, 403, 403]);
  });
});
