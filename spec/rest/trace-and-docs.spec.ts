import { expect } from 'chai';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Request, Response } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { docsRouter } from '../../lib/rest/page/docs.js';
import { bot, type Face, messages, openFace, user } from './fake-gateway.js';

interface Document {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly paths: Record<string, Record<string, { responses: Record<string, object> }>>;
  readonly components: { readonly schemas: Record<string, object> };
}

describe('rest/http/trace-exchange', () => {
  let face: Face;
  afterEach(() => face.close());

  it('tells of each exchange, with the credential masked and bodies as their length', async () => {
    face = await openFace();
    await face.call('POST', messages, { chatMessage: { text: 'secret' } });
    const [inbound, outbound] = face.traced;
    expect([inbound?.direction, outbound?.direction]).to.deep.equal(['in', 'out']);
    expect([inbound?.key, outbound?.key]).to.deep.equal(['m 1', 'm 1']);
    expect(inbound?.peer).to.match(/^127\.0\.0\.1:\d+$/);
    const text = inbound?.text() ?? '';
    expect(text).to.match(new RegExp(`^POST ${messages} HTTP/1.1\r\n`));
    expect(text)
      .to.match(/authorization: \*\*\*/i)
      .and.not.to.contain('key-a')
      .and.not.to.contain('secret');
    expect(outbound?.text()).to.match(/^HTTP\/1.1 201\r\n[^]*\r\n\r\n\[\d+ bytes\]$/);
  });

  it('knows an exchange by message, else by chatbot and contact', async () => {
    face = await openFace();
    await face.call('GET', `${messages}/x%20y/status`);
    await face.call('POST', messages, { isComposing: { state: 'idle' } });
    await face.call('GET', '/chat/v1/acr:auth/subscriptions');
    const keys = face.traced.filter((event) => event.direction === 'in').map((event) => event.key);
    expect(keys).to.deep.equal(['x y', `${bot}/${user}`, 'acr:auth']);
  });

  it('keeps no more than 4 kB of a request, and no long key, also of who has no credential', async () => {
    face = await openFace();
    const path = `/chat/v1/${'x'.repeat(5_000)}/subscriptions`;
    const headers = `Host: x\r\nConnection: close\r\nX: ${'y'.repeat(9_000)}\r\n`;
    expect(await face.raw(`GET ${path} HTTP/1.1\r\n${headers}\r\n`)).to.match(/ 401 /);
    const [inbound] = face.traced;
    expect(inbound?.text()).to.have.length.within(4_096, 4_110);
    expect(inbound?.text()).to.match(/\r\n\[cut\]\r\n$/);
    expect(inbound?.key).to.have.length(2_048);
  });

  it('is not needed', async () => {
    face = await openFace({ trace: undefined });
    expect((await face.call('POST', messages, { chatMessage: { text: 'x' } })).status).to.equal(201);
  });
});

describe('rest/page/docs', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());
  const document = async () => (await face.call('GET', '/openapi.json')).body as Document;

  it('leads people from the root to the page', async () => {
    for (const path of ['/', '/docs']) {
      const reply = await face.call('GET', path);
      expect([reply.status, reply.headers.get('location')]).to.deep.equal([302, 'docs/']);
    }
  });

  it('loads nothing from elsewhere', async () => {
    const page = await face.call('GET', '/docs/');
    expect(page.status).to.equal(200);
    expect(page.text).not.to.match(/https?:/);
    expect(page.headers.get('content-security-policy')).to.contain("default-src 'none'; script-src 'self'");
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
    expect(loaded).to.have.length(5);
    for (const file of loaded) {
      const reply = await face.call('GET', `/docs/${file}`);
      expect(reply.status, file).to.equal(200);
      expect(reply.headers.get('x-content-type-options')).to.equal('nosniff');
    }
    expect((await face.call('GET', '/docs/start.js')).text).to.contain("'../openapi.json'");
  });

  it('describes every resource that is served, with a first minute to copy [IWF-1529]', async () => {
    const { openapi, paths, info } = await document();
    expect(openapi).to.equal('3.1.0');
    expect(info.description).to.contain('curl').and.to.contain('adhoc/messages');
    expect(Object.keys(paths)).to.include.members([
      '/chat/v1/{userId}/subscriptions',
      '/chat/v1/{userId}/oneToOne/{otherUserId}/adhoc/messages',
      '/chat/v1/{userId}/oneToOne/{otherUserId}/adhoc/messages/{messageId}/status',
      '/capabilitydiscovery/v1/{userId}/contactCapabilities/{contactId}',
      '/aliasmgmt/v1/{userId}/subscriptions/{subscriptionId}',
    ]);
  });

  it('has schemas that compile, and no reference that leads nowhere', async () => {
    const whole = await document();
    const ajv = new Ajv2020({ strict: false });
    for (const [name, schema] of Object.entries(whole.components.schemas))
      expect(() => ajv.compile(schema), name).not.to.throw();
    for (const [, ref = ''] of JSON.stringify(whole).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = ref
        .split('/')
        .reduce((at: unknown, step) => (at as Record<string, unknown> | undefined)?.[step], whole);
      expect(found, ref).to.be.an('object');
    }
  });

  it('describes what is answered: a created message against its own schema', async () => {
    const { components } = await document();
    const reply = await face.call('POST', messages, { chatMessage: { text: 'x' } });
    const valid = new Ajv2020({ strict: false }).compile(components.schemas['resourceReferenceBody'] ?? false);
    expect(valid(reply.body)).to.equal(true);
  });

  it('is made into octets once, whoever asks for it how often', () => {
    const router = docsRouter([]);
    const ended: unknown[] = [];
    for (let times = 0; times < 2; times++) {
      const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/openapi.json' });
      const response = new ServerResponse(request);
      response.end = (chunk: unknown) => {
        ended.push(chunk);
        return response;
      };
      router(request as Request, response as Response, () => expect.fail('no such page'));
    }
    expect(ended[0]).to.be.instanceOf(Buffer).and.to.equal(ended[1]);
  });
});
