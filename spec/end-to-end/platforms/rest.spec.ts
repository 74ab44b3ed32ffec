import { expect } from 'chai';
import { bot, contact, otherBot, otherKey, startWorld, type World } from '../world.js';

describe('what a platform asks', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  const messages = (owner: string, user = contact): string =>
    `/chat/v1/${encodeURIComponent(owner)}/oneToOne/${encodeURIComponent(user)}/adhoc/messages`;

  interface Asked {
    readonly status: number;
    readonly headers: Headers;
    readonly body: {
      readonly requestError?: Readonly<Record<string, { messageId: string; variables?: readonly string[] }>>;
      readonly resourceReference?: { readonly resourceURL: string };
    };
  }

  async function ask(
    method: string,
    path: string,
    text?: string,
    headers: Record<string, string> = {},
  ): Promise<Asked> {
    const response = await fetch(`${world.serverRoot}${path}`, {
      method,
      headers: { authorization: 'Bearer a-key-of-the-spec', 'content-type': 'application/json', ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (answer === '' ? {} : JSON.parse(answer)) as Asked['body'],
    };
  }

  function errorOf({ body }: Asked): string | undefined {
    return Object.values(body.requestError ?? {})[0]?.messageId;
  }

  const hello = JSON.stringify({ chatMessage: { text: 'hello' } });

  describe('and must not have', () => {
    it('without a key it is 401, and says how to come in [IWF-1520]', async () => {
      const answer = await ask('POST', messages(bot), hello, { authorization: '' });
      expect(answer.status).to.equal(401);
      expect(answer.headers.get('www-authenticate')).to.match(/^Bearer/);
    });

    it('with a wrong key it is 401', async () => {
      expect((await ask('POST', messages(bot), hello, { authorization: 'Bearer wrong' })).status).to.equal(401);
    });

    it('another platform’s chatbot is 404, as one that nobody knows [IWF-1521]', async () => {
      const theirs = await ask('POST', messages(otherBot), hello);
      const nobodys = await ask('POST', messages('sip:nobody@botplatform.example.net'), hello);
      expect([theirs.status, nobodys.status]).to.deep.equal([404, 404]);
      expect(errorOf(theirs)).to.equal(errorOf(nobodys));
    });

    it('another platform’s message and subscription are 404 [IWF-1521]', async () => {
      const sent = await ask('POST', messages(bot), hello);
      const url = sent.body.resourceReference?.resourceURL ?? '';
      const path = url.slice(world.serverRoot.length);
      const theirs = { authorization: `Bearer ${otherKey}` };
      expect((await ask('GET', path)).status).to.equal(200);
      expect((await ask('GET', path, undefined, theirs)).status).to.equal(404);
      const subscriptions = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
      expect((await ask('GET', subscriptions, undefined, theirs)).status).to.equal(404);
    });
  });

  describe('and says wrongly', () => {
    const cases: readonly (readonly [string, string, number, string])[] = [
      ['JSON that is none', '{"chatMessage":', 400, 'SVC0002'],
      ['no root element', '{}', 400, 'SVC0002'],
      ['a message without content', '{"chatMessage":{}}', 400, 'SVC0002'],
      ['two contents', '{"chatMessage":{"text":"a","bodyText":"b","contentType":"text/plain"}}', 400, 'SVC0002'],
      ['a text that is a number', '{"chatMessage":{"text":5}}', 400, 'SVC0002'],
      ['content without its type', '{"chatMessage":{"bodyText":"b"}}', 400, 'SVC0002'],
      [
        'base64 that is none',
        '{"chatMessage":{"contentType":"a/b","contentEncoding":"base64","bodyText":"%%"}}',
        400,
        'SVC0002',
      ],
      ['a line end in a type', '{"chatMessage":{"contentType":"a/b\\r\\nX: y","bodyText":"b"}}', 400, 'SVC0002'],
      ['a line end in conversationID', '{"chatMessage":{"text":"a","conversationID":"a\\r\\nX: y"}}', 400, 'SVC0002'],
    ];
    for (const [name, text, status, code] of cases) {
      it(name, async () => {
        const answer = await ask('POST', messages(bot), text);
        expect(answer.status).to.equal(status);
        expect(errorOf(answer)).to.equal(code);
      });
    }

    it('a user that is no address: SVC0004 [IWF-1621]', async () => {
      const answer = await ask('POST', messages(bot, 'nobody'), hello);
      expect(answer.status).to.equal(400);
      expect(errorOf(answer)).to.equal('SVC0004');
    });

    it('a number whose country nobody named is SVC0004, and the part that names it [IWF-1621]', async () => {
      const withUser = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/`;
      const discovery = `/capabilitydiscovery/v1/${encodeURIComponent(bot)}`;
      const national = 'tel:0301234';
      const source = { contactId: national, serviceCapability: [] };
      const rows: readonly (readonly [part: string, method: string, path: string, body?: object])[] = [
        ['otherUserId', 'POST', messages(bot, national), { chatMessage: { text: 'hello' } }],
        ['otherUserId', 'POST', messages(bot, national), { isComposing: { state: 'active' } }],
        ['otherUserId', 'GET', `${messages(bot, national)}/m/status`],
        ['otherUserId', 'POST', withUser + national, { chatSessionInformation: {} }],
        [
          'tParticipantAddress',
          'POST',
          withUser + contact,
          { chatSessionInformation: { tParticipantAddress: national } },
        ],
        ['contactId', 'GET', `${discovery}/contactCapabilities/${national}`],
        ['contactId', 'POST', `${discovery}/capabilitySources`, { capabilitySource: source }],
        ['contactId', 'GET', `/aliasmgmt/v1/${encodeURIComponent(bot)}/${national}/commands/c`],
      ];
      for (const [part, method, path, body] of rows) {
        const answer = await ask(method, path, body && JSON.stringify(body));
        expect([answer.status, errorOf(answer)], path).to.deep.equal([400, 'SVC0004']);
        expect(answer.body.requestError?.['serviceException']?.variables, path).to.deep.equal([part]);
      }
    });

    it('a message that is too long is SVC0280 [IWF-117]', async () => {
      const text = JSON.stringify({ chatMessage: { text: 'x'.repeat(1_100_000) } });
      const answer = await ask('POST', messages(bot), text);
      expect(answer.status).to.equal(400);
      expect(errorOf(answer)).to.equal('SVC0280');
    });

    it('a body that is too large is 413 [IWF-1614]', async () => {
      const text = JSON.stringify({ chatMessage: { text: 'x'.repeat(3_000_000) } });
      expect((await ask('POST', messages(bot), text)).status).to.equal(413);
    });

    it('a verb that is not known is 405 with Allow [IWF-1511]', async () => {
      const answer = await ask('DELETE', messages(bot));
      expect(answer.status).to.equal(405);
      expect(answer.headers.get('allow')).to.include('POST');
    });

    it('a message that is not there is 404', async () => {
      expect((await ask('GET', `${messages(bot)}/unknown`)).status).to.equal(404);
      expect((await ask('GET', `${messages(bot)}/unknown/status`)).status).to.equal(404);
    });
  });

  describe('twice', () => {
    const post = (correlator: string, text: string): Promise<Asked> =>
      ask('POST', messages(bot), JSON.stringify({ chatMessage: { text, clientCorrelator: correlator } }));

    it('with the same correlator gets the first answer again, and one message goes out [IWF-1514]', async () => {
      const { phone } = world;
      const first = await post('c-1', 'only once');
      const again = await post('c-1', 'only once');
      expect([first.status, again.status]).to.deep.equal([201, 201]);
      expect(again.body).to.deep.equal(first.body);
      expect(again.headers.get('location')).to.equal(first.headers.get('location'));
      await post('c-2', 'the next');
      await phone.until(() => phone.inbox.some(({ text }) => text === 'the next'));
      expect(phone.inbox.filter(({ text }) => text === 'only once')).to.have.length(1);
    });

    it('at once as well', async () => {
      const { phone } = world;
      const answers = await Promise.all(Array.from({ length: 8 }, () => post('c-3', 'one of eight')));
      expect(new Set(answers.map(({ body }) => body.resourceReference?.resourceURL)).size).to.equal(1);
      await post('c-4', 'after eight');
      await phone.until(() => phone.inbox.some(({ text }) => text === 'after eight'));
      expect(phone.inbox.filter(({ text }) => text === 'one of eight')).to.have.length(1);
    });

    it('with the same correlator and another message is 409 [IWF-1515]', async () => {
      await post('c-5', 'this');
      const other = await post('c-5', 'that');
      expect(other.status).to.equal(409);
      expect(errorOf(other)).to.equal('SVC0005');
    });
  });

  it('shows a message as it was posted, and its status [IWF-1530]', async () => {
    const { platform } = world;
    const sent = await platform.send(contact, { text: 'look at me', trafficType: 'payment' });
    const shown = await platform.request('GET', sent.location ?? '');
    expect(shown.body).to.have.nested.property('chatMessage.trafficType', 'payment');
    expect(shown.body).to.have.nested.property('chatMessage.conversationID');
  });

  it('is told by notify host rules where callbacks may go [IWF-1528]', async () => {
    const path = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    const subscribe = (notifyURL: string): Promise<Asked> =>
      ask('POST', path, JSON.stringify({ chatNotificationSubscription: { callbackReference: { notifyURL } } }));
    const forbidden = await subscribe('http://10.0.0.1/notify');
    expect(forbidden.status).to.equal(403);
    expect(errorOf(forbidden)).to.equal('POL0001');
    const wrong = await subscribe('ftp://127.0.0.1/notify');
    expect(wrong.status).to.equal(400);
    expect(errorOf(wrong)).to.equal('SVC0002');
  });
});
