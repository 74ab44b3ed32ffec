import { expect } from 'chai';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ApiError, apiErrors, type ApiErrorId } from '../../lib/resources/api-error.js';
import { defaultRestLimits } from '../../lib/rest/deps.js';
import { bot, botPath, type Face, messages, openFace, userPath } from './fake-gateway.js';

const hello = { chatMessage: { text: 'hello' } };
/** Not the direct way: through the router. */
const routed = `${messages}/`;
const head = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-a\r\nContent-Type: application/json\r\n${more}\r\n`;

for (const [way, path] of [
  ['directly', messages],
  ['through the router', routed],
] as const) {
  describe(`rest: bad input, ${way}`, () => {
    let face: Face;
    beforeEach(async () => (face = await openFace({ limits: { ...defaultRestLimits, maxBodyBytes: 1000 } })));
    afterEach(() => face.close());
    const refusal = async (body: unknown, headers?: Record<string, string>) => {
      const reply = await face.call('POST', path, body, headers);
      return `${reply.status} ${reply.refusal}`;
    };

    it('malformed JSON names its position [IWF-1613]', async () => {
      const reply = await face.call('POST', path, '{"chatMessage":{"text":"x"}');
      expect([reply.status, reply.refusal]).to.deep.equal([400, 'SVC0002 JSON']);
      expect(reply.text).to.contain('malformed at position 27');
    });

    it('deep, empty, rootless and many-rooted bodies', async () => {
      expect(await refusal(`{"chatMessage":${'['.repeat(400)}`)).to.equal('400 SVC0002 JSON');
      expect(await refusal('')).to.equal('400 SVC0002 JSON');
      expect(await refusal('null')).to.equal('400 SVC0002 chatMessage or isComposing');
      expect(await refusal('{}')).to.equal('400 SVC0002 chatMessage or isComposing');
      expect(await refusal({ chatMessage: { text: 'x' }, isComposing: { state: 'idle' } })).to.equal(
        '400 SVC0002 chatMessage or isComposing',
      );
    });

    it('names of the prototype [IWF-1618]', async () => {
      expect(await refusal('{"__proto__":{"chatMessage":{"text":"x"}}}')).to.equal(
        '400 SVC0002 chatMessage or isComposing',
      );
      expect(await refusal('{"constructor":{}}')).to.equal('400 SVC0002 chatMessage or isComposing');
      expect(
        await refusal('{"chatMessage":{"__proto__":{"text":"x"},"constructor":{"prototype":{"text":"x"}}}}'),
      ).to.equal('400 SVC0002 chatMessage.text');
      expect(({} as Record<string, unknown>)['text']).to.equal(undefined);
    });

    it('wrong types, and texts that would break a header [IWF-1012]', async () => {
      expect(await refusal({ chatMessage: { text: 5 } })).to.equal('400 SVC0002 chatMessage.text');
      expect(await refusal({ chatMessage: { text: 'x', senderName: 'a\r\nRoute: b' } })).to.equal(
        '400 SVC0002 chatMessage.senderName',
      );
      expect(await refusal({ chatMessage: { text: 'x', clientCorrelator: 'a\nb' } })).to.equal(
        '400 SVC0002 chatMessage.clientCorrelator',
      );
    });

    it('other types, charsets and compression: 415', async () => {
      const asType = (type: string) => refusal(JSON.stringify(hello), { 'Content-Type': type });
      expect(await asType('text/plain')).to.equal('415 POL0011 content type');
      expect(await asType('application/jsonp')).to.equal('415 POL0011 content type');
      expect(await asType('application/json; charset=iso-8859-1')).to.equal('415 POL0011 charset');
      expect(await asType('Application/JSON ; charset="UTF-8"')).to.match(/^201/);
      const zipped = await fetch(face.url + path, {
        method: 'POST',
        headers: { Authorization: 'Bearer key-a', 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
        body: new Uint8Array(gzipSync(JSON.stringify(hello))),
      });
      expect(zipped.status).to.equal(415);
      expect(zipped.headers.get('accept-encoding')).to.equal('identity');
      const untyped = await face.raw(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
      );
      expect(untyped).to.match(/^HTTP\/1.1 415 /);
      expect(untyped).to.match(/\r\nAccept: application\/json, application\/xml\r\n/);
    });

    it('what is not UTF-8', async () => {
      const body = Buffer.from('{"chatMessage":{"text":"\u00ff"}}', 'latin1');
      const text = head(path, `Connection: close\r\nContent-Length: ${body.length}\r\n`);
      const reply = await new Promise<string>((resolve) => {
        let received = '';
        const socket = connect(
          face.server.port,
          '127.0.0.1',
          () => void socket.write(Buffer.concat([Buffer.from(text), body])),
        );
        socket.on('data', (bytes) => (received += bytes.toString()));
        socket.on('close', () => resolve(received));
      });
      expect(reply)
        .to.match(/^HTTP\/1.1 400 /)
        .and.to.contain('"JSON","not UTF-8"');
    });

    it('a byte order mark is not part of the text', async () => {
      expect(await refusal(`\ufeff${JSON.stringify(hello)}`)).to.match(/^201/);
    });

    it('too large, announced or not: 413, and the connection serves on [IWF-1614]', async () => {
      const big = JSON.stringify({ chatMessage: { text: 'x'.repeat(1000) } });
      expect(await refusal(big)).to.equal('413 SVC0280 1000');
      const chunk = `${(500).toString(16)}\r\n${'x'.repeat(500)}\r\n`;
      const chunked = `${head(path, 'Transfer-Encoding: chunked\r\n')}${chunk.repeat(3)}0\r\n\r\n`;
      const next = `${head(path, 'Connection: close\r\nContent-Length: 33\r\n')}{"chatMessage":{"text":"hello!"}}`;
      const replies = await face.raw(chunked + next);
      expect(replies).to.match(/^HTTP\/1.1 413 [^]*HTTP\/1.1 201 /);
    });

    it('one that never ends is cut', async () => {
      const chunk = `${(2000).toString(16)}\r\n${'x'.repeat(2000)}\r\n`;
      const replies = await face.raw(head(path, 'Transfer-Encoding: chunked\r\n') + chunk.repeat(10));
      expect(replies).to.match(/^HTTP\/1.1 413 /);
    });

    it('a client that leaves in the middle harms nobody', async () => {
      const socket = connect(face.server.port, '127.0.0.1');
      socket.write(`${head(path, 'Content-Length: 100\r\n')}{"chat`, () => socket.destroy());
      await new Promise((resolve) => socket.once('close', resolve));
      expect(await refusal(hello)).to.match(/^201/);
      expect(face.gateway.sent).to.have.length(1);
    });

    it('an answer that cannot be given in a form that is accepted: 406, before anything is done [IWF-1517]', async () => {
      const accepting = (Accept: string) => refusal(hello, { Accept });
      for (const accept of ['text/html', 'application/json;q=0', 'image/*', 'application/json;q=x'])
        expect(await accepting(accept), accept).to.equal('406 POL0011 Accept');
      expect(face.gateway.sent).to.have.length(0);
      for (const accept of ['application/*', 'text/html, */*;q=0.1', 'APPLICATION/JSON;q=0.5'])
        expect(await accepting(accept), accept).to.match(/^201/);
    });

    it('malformed percent-encoding: 400', async () => {
      const broken = path.replace(userPath, 'tel%3A%zz');
      const reply = await face.call('POST', broken, hello);
      expect([reply.status, reply.refusal]).to.deep.equal([400, 'SVC0002 path']);
      const overlong = await face.call('POST', path.replace(userPath, 'tel%C0%AF'), hello);
      expect(overlong.status).to.equal(400);
    });

    it('every error of the table keeps its status and says its identifier', async () => {
      for (const [id, { status }] of Object.entries(apiErrors) as [ApiErrorId, { status: number }][]) {
        face.gateway.failure = new ApiError(id, ['a', 'b']);
        expect(await refusal(hello)).to.equal(`${status} ${id} a`);
      }
      face.gateway.failure = new ApiError('SVC1000', [], { retryAfterS: 5 });
      expect((await face.call('POST', path, hello)).headers.get('retry-after')).to.equal('5');
    });

    it('a fault of ours is a 500 that tells nothing, logged with its stack', async () => {
      face.gateway.failure = new TypeError('secret detail');
      const reply = await face.call('POST', path, hello);
      expect([reply.status, reply.refusal]).to.deep.equal([500, 'SVC0001 internal error']);
      expect(reply.text).not.to.contain('secret');
      expect(face.logged.join()).to.contain('secret detail').and.to.contain('hostile.spec');
      face.gateway.failure = 'no error at all';
      expect(await refusal(hello)).to.equal('500 SVC0001 internal error');
    });

    it('an answer that cannot be written is a fault of ours too', async () => {
      await face.close();
      face = await openFace();
      const actions = face.gateway.actions();
      await face.close();
      const send = () => Promise.resolve({ messageId: 'm', resourceURL: 'http://x/\r\nX: y' });
      face = await openFace({ actions: { ...actions, send } });
      const reply = await face.call('POST', path, hello);
      expect([reply.status, reply.refusal, reply.headers.get('x')]).to.deep.equal([
        500,
        'SVC0001 internal error',
        null,
      ]);
    });

    it('counting that fails harms no answer', async () => {
      await face.close();
      const count = () => {
        throw new Error('no such metric');
      };
      face = await openFace({ metrics: { count, observe: () => undefined } });
      expect(await refusal(hello)).to.match(/^201/);
      expect(face.logged.join()).to.contain('rest report failed').and.to.contain('no such metric');
    });

    it('every answer, also one that refuses, has its safety headers and none that boasts', async () => {
      for (const headers of [{}, { Authorization: '' }]) {
        const reply = await face.call('POST', path, hello, headers);
        expect(reply.headers.get('x-content-type-options')).to.equal('nosniff');
        expect(reply.headers.get('cache-control')).to.equal('no-store');
        expect(reply.headers.get('content-security-policy')).to.contain("default-src 'none'");
        expect(reply.headers.has('x-powered-by')).to.equal(false);
        expect(reply.headers.has('etag')).to.equal(false);
      }
    });
  });
}

describe('rest: paths and verbs', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());

  const verbs: [path: string, allow: string][] = [
    [messages, 'POST'],
    [`${messages}/m`, 'GET, HEAD'],
    [`${messages}/m/status`, 'GET, HEAD, PUT'],
    [`/chat/v1/${botPath}/subscriptions`, 'GET, HEAD, POST'],
    [`/aliasmgmt/v1/${botPath}/subscriptions/s`, 'GET, HEAD, PUT, DELETE'],
    [`/capabilitydiscovery/v1/${botPath}/contactCapabilities/tel:1`, 'GET, HEAD'],
    [`/capabilitydiscovery/v1/${botPath}/contactCapabilities`, 'POST'],
  ];
  for (const [path, allow] of verbs) {
    it(`405 with Allow: ${allow} at ${path.split('/').slice(1, 2).join('')}…${path.split('/').at(-1) ?? ''} [IWF-1511]`, async () => {
      const unused = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].filter((verb) => !allow.includes(verb));
      for (const verb of unused) {
        const reply = await face.call(verb, path);
        expect([reply.status, reply.headers.get('allow'), reply.refusal], verb).to.deep.equal([
          405,
          allow,
          'SVC0001 method not allowed',
        ]);
      }
    });
  }

  describe('says what to do to who has it wrong by a little', () => {
    const contact = 'must be tel:+NUMBER or sip:USER@HOST, in a path percent-encoded';
    const types = 'must be application/json or application/xml';
    const header = 'the header Authorization: Bearer, with a key or token, is required';
    const at = (user: string): string => messages.replace(userPath, user);
    const subscriptions = `/chat/v1/${botPath}/subscriptions`;
    const callback = { callbackReference: { notifyURL: '127.0.0.1:9000/cb' } };
    const rows: readonly (readonly [string, Parameters<Face['call']>, problem: string])[] = [
      ['no tel:', ['POST', at('%2B15550100001'), hello], contact],
      ['no plus', ['POST', at('15550100001'), hello], contact],
      ['no key', ['POST', messages, hello, { Authorization: '' }], header],
      ['the key alone', ['POST', messages, hello, { Authorization: 'key-a' }], header],
      ['a wrong key', ['POST', messages, hello, { Authorization: 'Bearer key-o' }], 'this credential is not accepted'],
      ['curl’s own type', ['POST', messages, hello, { 'Content-Type': 'application/x-www-form-urlencoded' }], types],
      [
        'an empty body',
        ['POST', messages, '', { 'Content-Type': 'application/json' }],
        'the body is empty: malformed at position 0',
      ],
      ['another charset', ['POST', messages, hello, { 'Content-Type': 'application/json;charset=x' }], 'must be utf-8'],
      [
        'only HTML',
        ['POST', messages, hello, { Accept: 'text/html' }],
        'must admit application/json or application/xml',
      ],
      ['GET for POST', ['GET', messages], 'this resource takes POST'],
      ['no version', ['POST', messages.replace('/v1', ''), hello], 'all of them: /openapi.json'],
      [
        'no scheme',
        ['POST', subscriptions, { chatNotificationSubscription: callback }],
        'must be an absolute URI, as https://host/path',
      ],
    ];
    for (const [what, asked, problem] of rows)
      it(what, async () => {
        const { body } = await face.call(...asked);
        const [{ variables }] = Object.values((body as { requestError: object }).requestError) as [
          { variables: string[] },
        ];
        expect(variables.at(-1)).to.equal(problem);
      });
  });

  it('404 with a requestError for what there is not', async () => {
    for (const path of [
      '/x',
      '/chat',
      '/chat/v2/x/subscriptions',
      '/Chat/v1/x/subscriptions',
      '/base',
      '//',
      '/docs/x',
      '/docs/../x',
    ]) {
      const reply = await face.call('GET', path);
      expect([reply.status, reply.refusal], path).to.deep.equal([404, 'SVC2008 resource']);
    }
    expect(
      await face.raw('GET /docs/..%2f..%2fpackage.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    ).to.match(/^HTTP\/1.1 404 /);
  });

  it('refuses in JSON where no form of ours is acceptable', async () => {
    const reply = await face.call('GET', '/x', undefined, { Accept: 'image/png' });
    expect([reply.status, reply.refusal]).to.deep.equal([404, 'SVC2008 resource']);
  });

  it('labels of metrics are of the house, never of the client [IWF-1719]', async () => {
    await face.call('POST', messages, hello);
    await face.call('PATCH', `/chat/v1/${botPath}/group`);
    await face.call('GET', '/x');
    const counted = face.counted.join('\n');
    expect(counted).to.contain('rest_requests_total').and.to.contain('"status":"201"').and.to.contain('"route":"none"');
    expect(counted).not.to.contain('0001').and.not.to.contain(bot).and.not.to.contain('PATCH');
  });
});
