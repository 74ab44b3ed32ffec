import { expect } from 'chai';
import { ApiError } from '../../lib/resources/api-error.js';
import { bot, botPath, type Face, messages, openFace, serverRoot, user, userPath } from './fake-gateway.js';

describe('rest/routes/chat', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());

  const hello = { chatMessage: { text: 'hello', reportRequest: ['Delivered', 'Displayed'] } };

  it('sends a message: 201, Location equal to resourceURL byte for byte [IWF-1513]', async () => {
    const reply = await face.call('POST', messages, hello);
    expect(reply.status).to.equal(201);
    const resourceURL = `${serverRoot}${messages}/m%201`;
    expect(reply.headers.get('location')).to.equal(resourceURL);
    expect(reply.text).to.equal(`{"resourceReference":{"resourceURL":"${resourceURL}"}}`);
    expect(reply.headers.get('date')).to.be.a('string');
    expect(face.gateway.sent).to.deep.equal([
      { bot, contact: user, message: hello.chatMessage, idempotency: undefined },
    ]);
  });

  it('takes the path in every spelling that decodes to the same, with and without the base path', async () => {
    const paths = [
      `/chat/v1/${bot}/oneToOne/${user}/adhoc/messages`,
      `/chat/v1/sip%3aweather%40botplatform.example.net/oneToOne/tel%3a%2b15550100001/adhoc/messages`,
      `/chat/v1/acr:auth/oneToOne/${userPath}/adhoc/messages`,
      `/base${messages}`,
      `${messages}?x=y`,
      `${messages}/`,
    ];
    for (const path of paths) expect((await face.call('POST', path, hello)).status, path).to.equal(201);
    expect(face.gateway.sent.map((sent) => sent.contact)).to.deep.equal(paths.map(() => user));
  });

  for (const base of ['/chat', '/chat/v1', '/docs', '/x/chat'])
    it(`serves a serverRoot that is called as a path of its own, whether a proxy takes it off or not: ${base}`, async () => {
      const own = await openFace({ basePaths: [base] });
      for (const kept of ['', base]) {
        expect((await own.call('POST', `${kept}${messages}`, hello)).status, `POST ${kept}`).to.equal(201);
        for (const page of ['/docs/', '/openapi.json'])
          expect((await own.call('GET', `${kept}${page}`)).status, `${kept}${page}`).to.equal(200);
      }
      await own.close();
    });

  const raw = (target: string, host = 'x'): Promise<string> => {
    const body = JSON.stringify(hello);
    const head = `Host: ${host}\r\nAuthorization: Bearer key-a\r\nConnection: close\r\n`;
    const entity = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    return face.raw(`POST ${target} HTTP/1.1\r\n${head}${entity}`);
  };

  it('takes a target in absolute form, as to a proxy, with and without the base path (RFC 9112 §3.2.2)', async () => {
    for (const target of [`http://gw.example${messages}`, `HTTPS://gw.example:8443/base${messages}?x=y`])
      expect(await raw(target), target).to.match(/^HTTP\/1.1 201 /);
    for (const target of ['http://gw.example', 'http://gw.example/', '*'])
      expect(await raw(target), target).to.match(/^HTTP\/1.1 40[45] /);
    expect(face.gateway.sent.map((sent) => sent.contact)).to.deep.equal([user, user]);
  });

  it('knows a root of chatbots by the host of the target, where it has one, and not by Host', async () => {
    await face.close();
    const named = { uri: 'sip:new@x.example', name: 'new', version: '#=1', platformId: 'a', serverRoot };
    const rootBot = { ...named, roles: ['session'], mode: 'auto' } as const;
    face = await openFace({
      chatbotRoots: [{ platformId: 'a', serverRoot }],
      rootChatbots: { would: () => rootBot, admit: () => Promise.resolve() },
    });
    const path = `/base/chat/v1/sip:new@x.example/oneToOne/${userPath}/adhoc/messages`;
    expect(await raw(path, 'gw.example')).to.match(/^HTTP\/1.1 201 /);
    expect(await raw(`https://gw.example${path}`, 'other.example')).to.match(/^HTTP\/1.1 201 /);
    expect(await raw(`https://other.example${path}`, 'gw.example')).to.match(/^HTTP\/1.1 404 /);
  });

  it('decodes a path variable once only', async () => {
    const reply = await face.call('POST', `/chat/v1/${botPath}/oneToOne/tel%253A%252B1555/adhoc/messages`, hello);
    expect([reply.status, reply.refusal]).to.deep.equal([400, 'SVC0004 otherUserId']);
  });

  it('passes isComposing on: 204 and no body', async () => {
    const reply = await face.call('POST', messages, { isComposing: { state: 'active', refresh: '60' } });
    expect([reply.status, reply.text]).to.deep.equal([204, '']);
    expect(face.gateway.composed).to.deep.equal([{ state: 'active', refresh: 60 }]);
  });

  it('shows a message with its own resourceURL', async () => {
    await face.call('POST', messages, hello);
    const reply = await face.call('GET', `${messages}/m%201`);
    expect(reply.status).to.equal(200);
    const resourceURL = `${serverRoot}${messages}/m%201`;
    expect(reply.body).to.deep.equal({ chatMessage: { ...hello.chatMessage, resourceURL } });
    expect((await face.call('HEAD', `${messages}/m%201`)).status).to.equal(200);
  });

  it('shows where a message stands', async () => {
    await face.call('POST', messages, hello);
    const reply = await face.call('GET', `${messages}/m%201/status`);
    const resourceURL = `${serverRoot}${messages}/m%201/status`;
    expect(reply.body).to.deep.equal({ messageStatusReport: { status: 'Pending', resourceURL } });
  });

  it('takes receipts and the wish to revoke, for message ids of any alphabet', async () => {
    face.gateway.statuses.set('a/b?c%d é', 'Sent');
    const path = `${messages}/${encodeURIComponent('a/b?c%d é')}/status`;
    const put = (status: string, at = path) => face.call('PUT', at, { messageStatusReport: { status } });
    expect((await put('Displayed', `${messages}/in%201/status`)).status).to.equal(204);
    expect((await put('revokerequested')).status).to.equal(202);
    expect(face.gateway.put).to.deep.equal(['in 1 Displayed', 'a/b?c%d é RevokeRequested']);
    expect((await put('Read')).refusal).to.equal('SVC0003 messageStatusReport.status');
  });

  it('answers 404 for messages it does not know', async () => {
    for (const path of [`${messages}/x`, `${messages}/x/status`]) {
      const reply = await face.call('GET', path);
      expect([reply.status, reply.refusal]).to.deep.equal([404, 'SVC2008 message']);
    }
    const put = await face.call('PUT', `${messages}/x/status`, { messageStatusReport: { status: 'Displayed' } });
    expect([put.status, put.refusal]).to.deep.equal([404, 'SVC2008 message']);
  });

  describe('makes a create safe to repeat', () => {
    const post = async (members: object, headers: Record<string, string> = {}, path = messages) => {
      await face.call('POST', path, { chatMessage: members }, headers);
      return face.gateway.sent.at(-1)?.idempotency;
    };

    it('by clientCorrelator: the same request has the same fingerprint, in whatever dialect', async () => {
      const first = await post({ text: 'x', expiry: 60, reportRequest: ['Sent'], clientCorrelator: 'c1' });
      const again = await post({ clientCorrelator: 'c1', reportRequest: 'sent', expiry: '60', text: 'x', unknown: 1 });
      expect(first?.correlator).to.equal('c1');
      expect(again).to.deep.equal(first);
    });

    it('another content or another contact has another', async () => {
      const first = await post({ text: 'x', clientCorrelator: 'c1' });
      const text = await post({ text: 'y', clientCorrelator: 'c1' });
      const elsewhere = messages.replace('0001', '0002');
      const contact = await post({ text: 'x', clientCorrelator: 'c1' }, {}, elsewhere);
      expect(new Set([first, text, contact].map((one) => one?.fingerprint)).size).to.equal(3);
    });

    it('by the header Idempotency-Key as its equal [IWF-1516]', async () => {
      expect((await post({ text: 'x' }, { 'Idempotency-Key': 'k1' }))?.correlator).to.equal('k1');
      expect((await post({ text: 'x', clientCorrelator: 'k1' }, { 'Idempotency-Key': 'k1' }))?.correlator).to.equal(
        'k1',
      );
    });

    it('and knows the request again, wherever its correlator stands', async () => {
      const key = { 'Idempotency-Key': 'k1' };
      const asked = [
        await post({ text: 'x', clientCorrelator: 'k1' }),
        await post({ text: 'x' }, key),
        await post({ text: 'x', clientCorrelator: 'k1' }, key),
      ];
      expect(new Set(asked.map((one) => JSON.stringify(one)))).to.have.lengthOf(1);
      expect((await post({ text: 'y' }, key))?.fingerprint).not.to.equal(asked[0]?.fingerprint);
    });

    it('and refuses two that differ, or one too long', async () => {
      const both = await face.call(
        'POST',
        messages,
        { chatMessage: { text: 'x', clientCorrelator: 'c' } },
        { 'Idempotency-Key': 'k' },
      );
      expect([both.status, both.refusal]).to.deep.equal([400, 'SVC0002 Idempotency-Key']);
      const long = await face.call('POST', messages, hello, { 'Idempotency-Key': 'k'.repeat(257) });
      expect(long.refusal).to.equal('SVC0002 Idempotency-Key');
    });

    it('tells of a correlator used for something else: 409', async () => {
      face.gateway.failure = new ApiError('SVC0005', ['c1', 'clientCorrelator']);
      const reply = await face.call('POST', messages, hello);
      expect([reply.status, reply.refusal]).to.deep.equal([409, 'SVC0005 c1']);
    });
  });

  const badContacts = [
    'tel:',
    'tel:abc',
    '15550100001',
    'mailto:a@b',
    'sip:',
    'tel:+1555 01',
    'sip:a@b\r\nVia: x',
    'sip:a"@b',
    'sip:<a@b>',
    'tel:+1'.padEnd(513, '5'),
    'sip:é@b',
    'sip:a\u0000@b',
  ];
  for (const contact of badContacts) {
    it(`refuses a contact that is no address: ${JSON.stringify(contact).slice(0, 40)}`, async () => {
      const path = `/chat/v1/${botPath}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages`;
      const reply = await face.call('POST', path, hello);
      expect([reply.status, reply.refusal]).to.deep.equal([400, 'SVC0004 otherUserId']);
      expect(face.gateway.sent).to.have.length(0);
    });
  }

  it('takes contacts of all kinds', async () => {
    for (const contact of [
      'tel:+1-555-0100',
      'tel:911;phone-context=+1',
      'sip:+15550100001@ims.example.net;user=phone',
      'sips:t0k3n@anon.example.net;tk=on',
    ]) {
      const path = `/chat/v1/${botPath}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages`;
      expect((await face.call('POST', path, hello)).status, contact).to.equal(201);
    }
  });

  it('measures content as the network carries it: SVC0280 beyond the limit [IWF-117]', async () => {
    await face.close();
    const { defaultRestLimits } = await import('../../lib/rest/deps.js');
    face = await openFace({ limits: { ...defaultRestLimits, maxMessageBytes: 4 } });
    const send = async (members: object) => {
      const { status, refusal } = await face.call('POST', messages, { chatMessage: members });
      return `${status} ${refusal}`.trim();
    };
    expect(await send({ text: 'éé' })).to.equal('201');
    expect(await send({ text: 'ééé' })).to.equal('400 SVC0280 4');
    const base64 = { contentType: 'a/b', contentEncoding: 'base64' };
    expect(await send({ ...base64, bodyText: 'AAAAAA==' })).to.equal('201');
    expect(await send({ ...base64, bodyText: 'AAAAAAA=' })).to.equal('400 SVC0280 4');
  });

  it('says that chatbots have no group chat, and that confirmed sessions are not there yet: 403 POL2006 [IWF-1512]', async () => {
    for (const path of ['group', 'group/1/messages']) {
      const reply = await face.call('GET', `/chat/v1/${botPath}/${path}`);
      expect([reply.status, reply.refusal]).to.deep.equal([403, 'POL2006 group chat']);
    }
    for (const path of ['', '/s1', '/s1/status', '/s1/messages/m/status']) {
      const reply = await face.call('POST', `/chat/v1/${botPath}/oneToOne/${userPath}${path}`, {});
      expect([reply.status, reply.refusal]).to.deep.equal([403, 'POL2006 confirmed chat']);
    }
    expect((await face.call('GET', `/chat/v1/${botPath}/oneToOne/${userPath}/adhoc/other`)).status).to.equal(404);
  });
});
