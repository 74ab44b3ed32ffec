/** The published document says of requests and answers what the server takes and gives. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { messageStatuses } from '../../../lib/resources/message-status.js';
import { bot, contact, startWorld, type World } from '../world.js';

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

interface Operation {
  readonly requestBody?: Content & { readonly required: boolean };
  readonly responses: Readonly<Record<string, Content>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

const withUser = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(contact)}`;
const subscriptions = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
const channels = `/notificationchannel/v1/${encodeURIComponent(bot)}/channels`;

/** What the variables and the words in angle brackets of docs/api.md stand for. */
const places: readonly (readonly [RegExp, string])[] = [
  [/^\$API/, '/chat/v1/bot'],
  [/^http:\/\/127\.0\.0\.1:8080/, ''],
  [/\$(?:USER_ID|BOT)/g, 'x'],
  [/^\$CHANNEL/, '/notificationchannel/v1/bot/channels/x'],
  [/^\$MESSAGE|^<Location of the message>/, '/chat/v1/bot/oneToOne/x/adhoc/messages/x'],
  [/^<href of that link>$/, '/chat/v1/bot/oneToOne/x/adhoc/messages/x/status'],
  [/^<href of PrivacyCommandStatus>$/, '/aliasmgmt/v1/bot/x/commands/x/status'],
];

/** Of a line with one curl. */
function requestOf(line: string): { readonly method: string; readonly path: string; readonly body: unknown } {
  const [, single, double] = / -d (?:'([^']*)'|"((?:[^"\\]|\\.)*)")/.exec(line) ?? [];
  const text = single ?? double?.replaceAll('\\"', '"').replaceAll('$CHANNEL', 'http://a');
  const [, url = ''] =
    /(?:^|[ "])([$][A-Z]+[^ "]*|<[^>]+>[^ "]*|http:[^ "]*)(?= |"|$|\))/.exec(line.replace(/^.*?curl/, '')) ?? [];
  const method = / -X ([A-Z]+)/.exec(line)?.[1] ?? (text === undefined ? 'GET' : 'POST');
  const path = places.reduce((at, [from, to]) => at.replace(from, to), url);
  return { method, path, body: text === undefined || text === '' ? undefined : JSON.parse(text) };
}

describe('the OpenAPI document', () => {
  let world: World;
  let document: Document;
  before(async () => {
    world = await startWorld();
    document = (await (await fetch(`${world.serverRoot}/openapi.json`)).json()) as Document;
  });
  after(() => world.stop());

  /** The path may also be a template already. */
  const operationOf = (method: string, path: string): Operation => {
    const steps = path.split('?', 1)[0]?.split('/') ?? [];
    const fits = (template: string): boolean => {
      const wanted = template.split('/');
      return wanted.length === steps.length && wanted.every((step, at) => step.startsWith('{') || step === steps[at]);
    };
    const templates = Object.keys(document.paths).filter(fits);
    // A literal goes before a variable: `adhoc` is no session.
    const [template = ''] = templates.sort((a, b) => a.split('{').length - b.split('{').length);
    const operation = document.paths[template]?.[method.toLowerCase()];
    if (!operation) throw new TypeError(`${method} ${path} is not in the document`);
    return operation;
  };
  const fits = ({ content }: Content, body: unknown): boolean => {
    const schema = content?.['application/json']?.schema;
    if (!schema) throw new TypeError('no schema of the JSON form');
    return new Ajv2020({ strict: false }).validate({ ...schema, components: document.components }, body);
  };
  const isDocumented = (method: string, path: string, body: unknown): boolean => {
    const { requestBody } = operationOf(method, path);
    return body === undefined ? requestBody?.required !== true : fits(requestBody ?? {}, body);
  };
  const ask = (method: string, url: string, body?: unknown) => world.platform.request(method, url, body);
  const pathOf = (url: string): string => new URL(url, world.serverRoot).pathname;
  const made = async (url: string, body: object): Promise<string> => {
    const { status, location = '' } = await ask('POST', url, body);
    expect(status).to.equal(201);
    return location;
  };
  /** The server takes it if and only if the document does. */
  const agreedOn = async (method: string, url: string, body?: unknown): Promise<boolean> => {
    const { status } = await ask(method, url, body);
    // A form that is taken may yet speak of what is not there: a receipt for a message of the bot's own.
    expect(status, `${method} ${url}`).to.be.oneOf([200, 202, 204, 400, 404]);
    expect(isDocumented(method, pathOf(url), body), JSON.stringify(body)).to.equal(status !== 400);
    return status !== 400;
  };

  it('has the statuses that a bot may put, and no other', async () => {
    const message = await made(`${withUser}/adhoc/messages`, { chatMessage: { text: 'hello' } });
    const taken: string[] = [];
    for (const status of [...messageStatuses, 'RevokeRequested'])
      if (await agreedOn('PUT', `${message}/status`, { messageStatusReport: { status } })) taken.push(status);
    expect(taken).to.have.members(['Delivered', 'Displayed', 'RevokeRequested']);
    const inSession = `${withUser}/{sessionId}/messages/{messageId}/status`;
    for (const status of [...messageStatuses, 'RevokeRequested'])
      expect(isDocumented('PUT', inSession, { messageStatusReport: { status } })).to.equal(taken.includes(status));
  });

  it('lets a subscription be prolonged by its duration alone', async () => {
    const callbackReference = { notifyURL: world.platform.notifyURL };
    const one = await made(subscriptions, { chatNotificationSubscription: { callbackReference } });
    for (const form of [{ duration: 60 }, {}, { callbackReference, duration: 60 }])
      expect(await agreedOn('PUT', one, { chatNotificationSubscription: form })).to.equal(true);
    for (const form of [{ duration: -1 }, { duration: 1.5 }])
      expect(await agreedOn('PUT', one, { chatNotificationSubscription: form })).to.equal(false);
    await ask('DELETE', one);
  });

  it('has the long poll with its acknowledgement, and what it is answered', async () => {
    const channelData = { maxWaitTime: 0 };
    const channel = await made(channels, { notificationChannel: { channelType: 'LongPolling', channelData } });
    const callbackReference = { notifyURL: `${channel}/callback` };
    await made(subscriptions, { chatNotificationSubscription: { callbackReference } });
    await world.phone.send(bot, 'hello');
    const poll = `${channel}/notifications`;
    for (const body of [undefined, { ack: [] }, { ack: ['x'] }])
      expect(await agreedOn('POST', poll, body)).to.equal(true);
    for (const body of [{}, { ack: 'x' }, { ack: [1] }]) expect(await agreedOn('POST', poll, body)).to.equal(false);
    const { 200: answered = {} } = operationOf('POST', pathOf(poll)).responses;
    const some = await ask('POST', poll, { ack: [] });
    expect(some.body).to.have.nested.property('notificationList[0].chatMessageNotification');
    expect(fits(answered, some.body)).to.equal(true);
    const none = await ask('POST', poll);
    expect(none.body).to.deep.equal({ notificationList: null });
    expect(fits(answered, none.body)).to.equal(true);
    expect(fits(answered, { notificationList: 'x' })).to.equal(false);
  });

  describe('has the requests of docs/api.md', () => {
    const page =
      readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8').split('\n## Errors')[0] ?? '';
    const requests = [...page.matchAll(/^(?:[A-Z]+=\$\(|sleep \d; )?curl -sS .*/gm)].map(([line]) => requestOf(line));
    for (const { method, path, body } of requests.filter(({ path: one }) => !one.startsWith('http')))
      it(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body).slice(0, 60)}`, () =>
        expect(isDocumented(method, path, body)).to.equal(true));

    it('which are many', () => expect(requests).to.have.length.above(15));
  });
});
