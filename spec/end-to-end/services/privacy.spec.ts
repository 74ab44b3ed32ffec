import { expect } from 'chai';
import { parsePrivacy, privacyContentType } from '../../../lib/wire/rcs/privacy.js';
import { refusalOf, subscribe } from '../messages/documents.js';
import { describeOnEachEngine } from '../each-engine.js';
import { bot, contact, startWorld, type World } from '../world.js';

function command(id: string, action: string): string {
  return `<AM xmlns="urn:gsma:params:xml:ns:rcs:rcs:aliasmgmt"><Command-ID>${id}</Command-ID><action>${action}</action></AM>`;
}

describeOnEachEngine('privacy commands over real sockets', (engine) => {
  let world: World;

  before(async () => {
    world = await startWorld({ engine, config: { privacy: { deadlineS: 3 } } });
  });
  after(() => world.stop());

  const ask = (id: string, action: string) => world.phone.sendDocument(bot, privacyContentType, command(id, action));
  const told = (id: string) =>
    world.platform.waitFor(
      ({ kind, body }) => kind === 'privacyCommandNotification' && body['commandId'] === id && !('result' in body),
    );
  const linkOf = (body: Readonly<Record<string, unknown>>): string =>
    (body['link'] as { rel: string; href: string }[]).find(({ rel }) => rel === 'PrivacyCommandStatus')?.href ?? '';
  const put = (href: string, privacyCommandStatus: Record<string, unknown>) =>
    world.platform.request('PUT', href, { privacyCommandStatus });
  const answerTo = async (id: string) => {
    const answers = () =>
      world.phone.documents
        .filter(({ contentType }) => contentType === privacyContentType)
        .map(({ content }) => parsePrivacy(content))
        .filter(({ commandId }) => commandId === id);
    await world.phone.until(() => answers().length > 0);
    return answers();
  };

  it('leaves a command with the network while nobody listens [IWF-807]', async () => {
    expect(await refusalOf(ask('c0', 'fetchsettings'))).to.equal(480);
    await subscribe(world, 'aliasmgmt');
  });

  it('tells the platform, shows the command, and sends the answer to the user [IWF-801][IWF-802]', async () => {
    await ask('c1', 'fetchsettings');
    const { body } = await told('c1');
    expect(body).to.include({ action: 'FetchSettings', senderAddress: contact, callbackData: 'the data' });
    const href = linkOf(body);
    const shown = await world.platform.request('GET', href.replace(/\/status$/, ''));
    expect(shown.body).to.have.nested.property('privacyCommand.action', 'FetchSettings');
    expect((await put(href, { result: 'Success', setting: 'Off' })).status).to.equal(204);
    const expected = { kind: 'answer', commandId: 'c1', result: 'success', setting: 'off' };
    expect(await answerTo('c1')).to.deep.equal([expected]);
    expect((await put(href, { result: 'Success', setting: 'Off' })).status, 'again').to.equal(204);
    expect((await put(href, { result: 'Failed' })).status, 'otherwise').to.equal(409);
    expect((await put(href.replace('c1', 'c99'), { result: 'Failed' })).status, 'unknown').to.equal(404);
  });

  it('asks for a new token where AliasOn comes while it is on [IWF-804]', async () => {
    await ask('c2', 'aliason');
    const first = await told('c2');
    expect(first.body).not.to.have.property('renew');
    await put(linkOf(first.body), { result: 'Success', alias: 'sip:t1@botplatform.example.net;tk=on' });
    expect(await answerTo('c2')).to.deep.equal([
      { kind: 'answer', commandId: 'c2', result: 'success', alias: 'sip:t1@botplatform.example.net;tk=on' },
    ]);
    await ask('c3', 'aliason');
    const renewed = await told('c3');
    expect(renewed.body).to.include({ action: 'AliasOn', renew: true });
    await put(linkOf(renewed.body), { result: 'Success' });
    await ask('c4', 'aliasoff');
    await put(linkOf((await told('c4')).body), { result: 'Success' });
    await ask('c5', 'aliason');
    const again = await told('c5');
    expect(again.body).not.to.have.property('renew');
    await put(linkOf(again.body), { result: 'Failed' });
  });

  it('shares the token in use with the number on AliasLink [IWF-814]', async () => {
    const alias = 'sip:t9@botplatform.example.net;tk=on';
    await ask('l1', 'aliaslink');
    expect((await told('l1')).body, 'none in use').not.to.have.property('alias');
    await ask('l2', 'aliason');
    await put(linkOf((await told('l2')).body), { result: 'Success', alias });
    await answerTo('l2');
    await ask('l3', 'aliaslink');
    expect((await told('l3')).body).to.include({ action: 'AliasLink', senderAddress: contact, alias });
    await ask('l4', 'aliasoff');
    await put(linkOf((await told('l4')).body), { result: 'Success' });
    await answerTo('l4');
  });

  it('says in the bot’s identity whether the alias is in use [IWF-805]', async () => {
    const identities = () => world.phone.documents.map(({ identity }) => /tk=\w+/.exec(identity)?.[0]);
    await ask('t1', 'aliason');
    await put(linkOf((await told('t1')).body), { result: 'Success' });
    await answerTo('t1');
    expect(identities().at(-1)).to.equal('tk=on');
    await ask('t2', 'aliasoff');
    await put(linkOf((await told('t2')).body), { result: 'Success' });
    await answerTo('t2');
    expect(identities().at(-1)).to.equal('tk=off');
  });

  it('takes the same Command-ID twice and tells it once [IWF-806]', async () => {
    await ask('c6', 'aliaslink');
    await ask('c6', 'aliaslink');
    await ask('c7', 'x-unheard-of');
    const last = await told('c7');
    expect(last.body, 'an unknown action is verbatim').to.include({ action: 'x-unheard-of' });
    const same = world.platform.callbacks.filter(({ body }) => body['commandId'] === 'c6' && !('result' in body));
    expect(same).to.have.length(1);
  });

  it('answers Failed at the deadline, and tells the platform [IWF-803]', async () => {
    await ask('c8', 'aliason');
    const { body } = await told('c8');
    expect(await answerTo('c8')).to.deep.equal([{ kind: 'answer', commandId: 'c8', result: 'failed' }]);
    await world.platform.waitFor((callback) => callback.body['commandId'] === 'c8' && 'result' in callback.body);
    expect((await put(linkOf(body), { result: 'Success' })).status, 'too late').to.equal(409);
  });

  it('refuses what cannot be read with 400 [IWF-808]', async () => {
    const sent = (content: string) => refusalOf(world.phone.sendDocument(bot, privacyContentType, content));
    expect(await sent('<AM xmlns="urn:gsma:params:xml:ns:rcs:rcs:aliasmgmt"/>')).to.equal(400);
    expect(await sent(command('x'.repeat(256), 'aliason'))).to.equal(400);
    expect(await sent(command('c9', 'aliason').slice(0, -4))).to.equal(400);
  });
});
