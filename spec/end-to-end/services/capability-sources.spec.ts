import { expect } from 'chai';
import { type FeatureTags, readFeatureTags } from '../../../lib/wire/feature-tags.js';
import { subscribe } from '../messages/documents.js';
import { rawContact, RawPhone } from '../raw-phone.js';
import { describeOnEachEngine } from '../each-engine.js';
import { bot, contact, startWorld, type World } from '../world.js';

const all = `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/capabilitySources`;

interface Source {
  readonly capabilitySource: { readonly resourceURL: string; readonly serviceCapability: readonly unknown[] };
}

interface Row {
  readonly contactId: string;
  readonly serviceCapability: readonly unknown[];
}

describeOnEachEngine('what the network is told of a chatbot', (engine) => {
  let world: World;
  let raw: RawPhone;

  before(async () => {
    world = await startWorld({ engine, config: { capabilities: { sourcesPerBot: 3 } } });
    raw = await RawPhone.of(world);
  });
  after(async () => {
    raw.close();
    await world.stop();
  });

  const say = (capabilitySource: Record<string, unknown>) => world.platform.request('POST', all, { capabilitySource });
  const urlOf = ({ body }: { body: unknown }): string => (body as Source).capabilitySource.resourceURL;
  const seenBy = async (user?: string): Promise<FeatureTags> => {
    const answer = await raw.ask('OPTIONS', user === undefined ? {} : { user });
    expect(answer.status).to.equal(200);
    return readFeatureTags([answer.header('Contact') ?? '']);
  };

  it('is its configuration while no source speaks [IWF-510]', async () => {
    const tags = await seenBy();
    expect([...tags.iaris]).to.include.members(['rcs.chatbot', 'rcs.chatbot.sa']);
    expect([...tags.botVersions]).to.deep.equal(['#=1']);
    expect(tags.isbot).to.equal(true);
  });

  it('is what a source for all says, in the versions that both know, and more for the contacts that another names [IWF-511]', async () => {
    const forAll = await say({ serviceCapability: [{ capabilityId: 'ChatbotSA', version: '#=1,#=2' }] });
    expect(forAll.status).to.equal(201);
    expect(forAll.location).to.equal(urlOf(forAll));
    const forOne = await say({
      contactId: [rawContact],
      serviceCapability: [{ capabilityId: 'ChatbotSession' }, { capabilityId: 'FileTransferHttp' }],
    });
    const others = await seenBy('tel:+15550100009');
    expect([...others.iaris]).to.deep.equal(['rcs.chatbot.sa']);
    expect([...others.botVersions]).to.deep.equal(['#=1']);
    expect([...(await seenBy()).iaris]).to.have.members(['rcs.chatbot', 'rcs.fthttp']);

    const invited = await raw.invite();
    expect([...readFeatureTags([invited.header('Contact') ?? '']).iaris]).to.have.members([
      'rcs.chatbot',
      'rcs.fthttp',
    ]);

    const replaced = await world.platform.request('PUT', urlOf(forOne), {
      capabilitySource: { contactId: [rawContact], serviceCapability: [] },
    });
    expect(replaced.status).to.equal(200);
    const hidden = await seenBy();
    expect([...hidden.iaris, ...hidden.icsis]).to.deep.equal([]);

    expect((await world.platform.request('DELETE', urlOf(forOne))).status).to.equal(204);
    expect([...(await seenBy()).iaris]).to.deep.equal(['rcs.chatbot.sa']);
    expect((await world.platform.request('DELETE', urlOf(forAll))).status).to.equal(204);
    expect([...(await seenBy()).iaris]).to.include.members(['rcs.chatbot', 'rcs.chatbot.sa']);
    expect((await world.platform.request('GET', urlOf(forAll))).status).to.equal(404);
  });

  it('is told to who cannot say who he is, too [IWF-515]', async () => {
    expect((await seenBy('no address')).isbot).to.equal(true);
  });

  it('is said once by one correlator, and not otherwise [IWF-514]', async () => {
    const request = { clientCorrelator: 'c1', serviceCapability: [{ capabilityId: 'Chat' }] };
    const [first, second] = await Promise.all([say(request), say(request)]);
    expect(urlOf(first)).to.equal(urlOf(second));
    expect((await say({ ...request, serviceCapability: [] })).status).to.equal(409);
    const { body } = await world.platform.request('GET', all);
    expect(body).to.have.nested.property('capabilitySourceList.capabilitySource').with.length(1);
    expect((await world.platform.request('DELETE', urlOf(first))).status).to.equal(204);
    const again = await Promise.all([say(request), say(request)]);
    expect(again.map(({ status }) => status)).to.deep.equal([201, 201]);
    expect(new Set(again.map(urlOf)))
      .to.have.length(1)
      .and.not.include(urlOf(first));
    expect((await say({ ...request, serviceCapability: [] })).status).to.equal(409);
    expect((await world.platform.request('DELETE', urlOf(again[0]))).status).to.equal(204);
  });

  it('cannot name a contact that is none, nor say too much [IWF-516]', async () => {
    const source = { serviceCapability: [{ capabilityId: 'Chat' }] };
    expect((await say({ ...source, contactId: ['sip:'] })).status).to.equal(400);
    for (let made = 0; made < 3; made++) expect((await say(source)).status).to.equal(201);
    expect((await say(source)).status).to.equal(403);
  });
});

describeOnEachEngine('a change of what a contact can do', (engine) => {
  let world: World;

  before(async () => {
    world = await startWorld({ engine });
  });
  after(() => world.stop());

  it('is asked for in a list, a row for each contact [IWF-502]', async () => {
    const path = `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities`;
    const contactId = [contact, 'no address'];
    const { status, body } = await world.platform.request('POST', path, { adhocContactList: { contactId } });
    expect(status).to.equal(200);
    const rows = (body as { contactServiceCapabilitiesList: { contactServiceCapabilities: Row[] } })
      .contactServiceCapabilitiesList.contactServiceCapabilities;
    expect(rows.map((row) => row.contactId)).to.deep.equal(contactId);
    expect(rows[0]?.serviceCapability).to.deep.include({ capabilityId: 'Chat', status: 'Enabled' });
    expect(rows[1]).to.have.property('serviceException');
  });

  it('is told to the bots that know him [IWF-513]', async () => {
    await subscribe(world, 'capabilitydiscovery');
    const path = `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(contact)}`;
    expect((await world.platform.request('GET', path)).status).to.equal(200);
    await world.phone.askCapabilities(bot);
    world.phone.services = 'standalone';
    await world.phone.askCapabilities(bot);
    const told = await world.platform.waitFor(({ kind }) => kind === 'capabilityNotification');
    expect(told.body['contactServiceCapabilities']).to.deep.include({ contactId: contact });
    const { serviceCapability } = told.body['contactServiceCapabilities'] as { serviceCapability: unknown[] };
    expect(serviceCapability).to.deep.include({ capabilityId: 'ChatbotSession', status: 'Disabled' });
    expect(serviceCapability).to.deep.include({ capabilityId: 'ChatbotSA', status: 'Enabled', version: '#=1' });
    // A session shows that it is there again; the same again is no news.
    world.phone.services = 'all';
    await world.phone.send(bot, 'hallo');
    await world.phone.askCapabilities(bot);
    await world.platform.waitFor(
      ({ kind, body }) =>
        kind === 'capabilityNotification' && JSON.stringify(body).includes('"ChatbotSession","status":"Enabled"'),
    );
    const news = world.platform.callbacks.filter(({ kind }) => kind === 'capabilityNotification');
    expect(news).to.have.length(2);
  });
});
