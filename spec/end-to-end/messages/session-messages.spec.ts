/** A message below a session's path is one of that session; and what CPIM says of its sender. */
import { expect } from 'chai';
import type { RestAnswer } from '../../../lib/sim/platform.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { bot, contact, startWorld, type World } from '../world.js';

const chat = `/chat/v1/${encodeURIComponent(bot)}`;
const withUser = `${chat}/oneToOne/${encodeURIComponent(contact)}`;

describe('messages and their sessions, over real sockets', () => {
  let world: World;

  beforeEach(async () => {
    world = await startWorld({ subscribe: false });
    const callbackReference = { notifyURL: world.platform.notifyURL };
    await world.platform.request('POST', `${chat}/subscriptions`, {
      chatNotificationSubscription: { callbackReference, confirmedChatSupported: true },
    });
  });
  afterEach(() => world.stop());

  const opened = async (): Promise<string> => {
    const before = world.platform.callbacks.length;
    const { location = '' } = await world.platform.request('POST', withUser, { chatSessionInformation: {} });
    await world.platform.waitFor(
      (callback) => callback.body['eventType'] === 'Accepted' && world.platform.callbacks.indexOf(callback) >= before,
    );
    return location;
  };
  const nameOf = ({ location = '' }: RestAnswer): string => location.split('/').at(-1) ?? '';
  const status = async (method: string, path: string, body?: object): Promise<number> =>
    (await world.platform.request(method, path, body)).status;
  const put = (path: string, wanted: string): Promise<number> =>
    status('PUT', `${path}/status`, { messageStatusReport: { status: wanted } });

  it('are found and acknowledged there alone, or under adhoc [IWF-1221]', async () => {
    const { phone, platform } = world;
    const one = await opened();
    const post = (): Promise<RestAnswer> =>
      platform.request('POST', `${one}/messages`, { chatMessage: { text: 'inside' } });
    const sent = nameOf(await post());
    const heard = await phone.send(bot, 'back');
    await platform.waitFor(({ body }) => body['messageId'] === heard && 'chatMessage' in body);
    expect(await status('DELETE', one)).to.equal(204);
    await phone.until(() => !phone.inSession(bot));

    const other = await opened();
    const elsewhere = [`${other}/messages`, `${withUser}/none/messages`];
    for (const messages of elsewhere) {
      expect(await status('GET', `${messages}/${sent}`), messages).to.equal(404);
      expect(await status('GET', `${messages}/${sent}/status`), messages).to.equal(404);
      expect(await put(`${messages}/${sent}`, 'RevokeRequested'), messages).to.equal(404);
      expect(await put(`${messages}/${heard}`, 'Displayed'), messages).to.equal(404);
    }
    expect(phone.receipts).to.have.length(0);
    for (const messages of [`${one}/messages`, `${withUser}/adhoc/messages`]) {
      expect(await status('GET', `${messages}/${sent}`), messages).to.equal(200);
      expect(await status('GET', `${messages}/${sent}/status`), messages).to.equal(200);
      expect(await put(`${messages}/${heard}`, 'Displayed'), messages).to.equal(204);
    }
    await phone.until(() => phone.receipts.length === 1);
    expect(await put(`${one}/messages/${sent}`, 'RevokeRequested')).to.equal(202);
  });

  it('an adhoc message is below no session', async () => {
    const session = await opened();
    const adhoc = nameOf(await world.platform.send(contact, { text: 'adhoc' }));
    const answer = await world.platform.request('GET', `${session}/messages/${adhoc}`);
    expect(answer.status).to.equal(404);
    expect(answer.body).to.have.nested.property('requestError.serviceException.messageId', 'SVC2008');
    expect(await status('GET', `${withUser}/adhoc/messages/${adhoc}`)).to.equal(200);
  });

  it('the display name that a user gives in CPIM is told as senderName, unless he wants privacy [IWF-124]', async () => {
    await world.stop();
    world = await startWorld({
      platform: { trustedWithNumbers: false },
      config: { sip: { privacyKey: 'ab'.repeat(32) } },
    });
    const raw = await RawPhone.of(world);
    let count = 0;
    const named = async (from: string, lines: readonly string[] = []): Promise<unknown> => {
      const id = `named-${++count}`;
      const body = cpim('hi', { id })
        .toString()
        .replace(/^From: [^\r]*/, `From: ${from}`);
      expect((await raw.ask('MESSAGE', { type: 'message/cpim', body, lines })).status).to.equal(200);
      return (await world.platform.waitFor((one) => one.body['messageId'] === id)).body['senderName'];
    };
    expect(await named('"Alice Žák" <sip:anonymous@anonymous.invalid>')).to.equal('Alice Žák');
    expect(await named('"Anonymous" <sip:anonymous@anonymous.invalid>')).to.equal(undefined);
    expect(await named('<sip:anonymous@anonymous.invalid>')).to.equal(undefined);
    expect(await named('"Alice Žák" <sip:anonymous@anonymous.invalid>', ['Privacy: id'])).to.equal(undefined);
    raw.close();
  });
});
