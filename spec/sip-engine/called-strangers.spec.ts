/** Whom the engine calls because a peer or a bot has named him: what he gets to say on that connection, and where nobody is called. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Engine } from '../../lib/sip-engine/api.js';
import { createEngine, type EngineOptions } from '../../lib/sip-engine/engine.js';
import { until } from '../support/ask-again.js';
import { requestText } from './transaction/scripted-transport.js';

const ok = { status: 200, headers: [] };

describe('A stranger whom we call', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  interface Stage {
    readonly engine: Engine;
    readonly handedOn: string[];
    readonly counted: string[];
  }

  async function listen(options: Partial<EngineOptions> = {}): Promise<Stage> {
    const [handedOn, counted]: [string[], string[]] = [[], []];
    const engine = createEngine({
      listen: ['tcp/127.0.0.1:0'],
      trusted: (host) => host === '127.0.0.1',
      count: (name, labels) => void counted.push([name, ...Object.values(labels ?? {})].join(' ')),
      ...options,
    });
    await engine.start({
      onRequest: (transaction) => {
        handedOn.push(transaction.request.method ?? '');
        transaction.respond(ok);
      },
      onAck: () => undefined,
      onCancel: () => undefined,
      onBye: () => undefined,
    });
    closing.push(() => engine.close());
    return { engine, handedOn, counted };
  }

  interface Callee {
    readonly uri: string;
    /** What he was told first, and the connection that it came on. */
    readonly called: Promise<{ readonly socket: Socket; readonly text: string }>;
  }

  async function callee(host: string): Promise<Callee> {
    const server = createServer((socket) => void closing.push(() => socket.destroy()));
    await once(server.listen(0, host), 'listening');
    closing.push(() => server.close());
    const called = once(server, 'connection').then(async ([socket]: Socket[]) => {
      if (!socket) throw new Error('no connection');
      return { socket, text: String((await once(socket, 'data'))[0]) };
    });
    return { uri: `sip:a@${host}:${(server.address() as AddressInfo).port};transport=tcp`, called };
  }

  function ask({ engine }: Stage, draft: { method: string; uri: string; nextHop?: string }) {
    return new Promise<number>((resolve, reject) => {
      const onResponse = ({ status = 0 }): void => {
        if (status >= 200) resolve(status);
      };
      engine.send({ headers: [], ...draft }, { onResponse }).catch(reject);
    });
  }

  /** His 200, with a tag of his own. */
  function accepted(request: string, uri: string): string {
    const lines = request.split('\r\n').filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/.test(line));
    const tagged = lines.map((line) => (line.startsWith('To:') ? `${line};tag=his` : line));
    return ['SIP/2.0 200 OK', ...tagged, `Contact: <${uri}>`, 'Content-Length: 0', '', ''].join('\r\n');
  }

  it('is heard where he answers, and asks for nothing on that connection that he could not ask on his own', async () => {
    const on = await listen();
    const { uri, called } = await callee('127.0.0.77');
    const answered = ask(on, { method: 'MESSAGE', uri });
    const { socket, text } = await called;
    const forged = ['MESSAGE', 'INVITE', 'OPTIONS'].map((method) => requestText({ method }));
    socket.write(forged.join('') + accepted(text, uri));
    expect(await answered).to.equal(200);
    expect(on.handedOn).to.deep.equal([]);
    expect(on.counted.filter((what) => what === 'sip_untrusted_total tcp')).to.have.length(3);
  });

  it('is not called where he may not be reached, by whatever name, unless the application itself has sent him a request', async () => {
    const { uri, called } = await callee('127.0.0.77');
    const named = uri.replace('127.0.0.77', 'near.example.net');
    const dns = { addresses: () => Promise.resolve(['127.0.0.77']), srv: () => Promise.resolve([]) };
    const on = await listen({ dns, reach: (host) => host !== '127.0.0.77' });
    expect(await ask(on, { method: 'MESSAGE', uri })).to.equal(503);
    expect(await ask(on, { method: 'MESSAGE', uri: named })).to.equal(503);
    expect(on.counted.filter((what) => what === 'sip_unreachable_total tcp')).to.have.length(2);
    const answered = ask(on, { method: 'MESSAGE', uri: 'sip:a@192.0.2.1', nextHop: uri });
    const { socket, text } = await called;
    socket.write(accepted(text, uri));
    expect(await answered).to.equal(200);
    const second = once(socket, 'data');
    const again = ask(on, { method: 'MESSAGE', uri });
    socket.write(accepted(String((await second)[0]), uri));
    expect(await again).to.equal(200);
  });

  it('is heard in the dialog that we have with him', async () => {
    const on = await listen();
    const { uri, called } = await callee('127.0.0.77');
    const answered = ask(on, { method: 'INVITE', uri });
    const { socket, text } = await called;
    socket.write(accepted(text, uri));
    expect(await answered).to.equal(200);
    const line = (name: string): string => new RegExp(`^${name}: (.*)\r$`, 'm').exec(text)?.[1] ?? '';
    const bye = requestText({ method: 'BYE', fromTag: 'his', callId: line('Call-ID'), cseq: 1 }).replace(
      /^To: .*\r$/m,
      `To: ${line('From')}\r`,
    );
    socket.write(bye);
    await until(() => on.handedOn.includes('BYE'));
    expect(on.counted).not.to.include('sip_untrusted_total tcp');
  });
});
