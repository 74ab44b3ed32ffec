/** Issuers whose key sets are none, octet by octet: `npm run fuzz -- called-issuer` has more of them. */
import { expect } from 'chai';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { fetchKeySet, maxKeySetBytes } from '../../../lib/rest/access/key-fetch.js';

const keys = '{"keys":[]}';
const head = (length: number | string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;

describe('the keys of an issuer [IWF-1629]', () => {
  let server: Server;
  let answer: (socket: Socket) => void;
  let closed: Promise<void>;

  before(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      closed = new Promise((resolve) => socket.once('close', () => resolve()));
      socket.once('data', () => answer(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => void server.close());

  const fetched = (signal = AbortSignal.timeout(5000)): Promise<Response> =>
    fetchKeySet(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers: new Headers(), signal });
  const problem = async (signal?: AbortSignal): Promise<string> =>
    fetched(signal).then(
      () => 'none',
      (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
    );

  it('come as they are', async () => {
    answer = (socket) => socket.end(head(keys.length) + keys);
    const response = await fetched();
    expect([response.status, await response.text()]).to.deep.equal([200, keys]);
  });

  it('may be as many octets as are read', async () => {
    answer = (socket) => socket.end(head(maxKeySetBytes) + ' '.repeat(maxKeySetBytes));
    expect(await (await fetched()).text()).to.have.length(maxKeySetBytes);
  });

  it('come behind interim answers', async () => {
    answer = (socket) => socket.end('HTTP/1.1 103 x\r\nLink: </x>\r\n\r\n'.repeat(5) + head(keys.length) + keys);
    expect(await (await fetched()).text()).to.equal(keys);
  });

  it('are none where interim answers never end, before time is over', async () => {
    answer = (socket) => {
      const pour = (): boolean => socket.write('HTTP/1.1 103 x\r\n\r\n'.repeat(1_000), (error) => !error && pour());
      pour();
    };
    expect(await problem(new AbortController().signal)).to.equal('Error: an issuer never answers');
    await closed;
  });

  for (const [what, text] of [
    ['a redirect', 'HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n'],
    ['a refusal', 'HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: y\r\n\r\n'],
    ['no HTTP', 'SSH-2.0-x\r\n\r\n'],
    ['nothing', ''],
    ['less than announced', head(9000) + keys],
    ['two lengths', `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${keys}`],
    ['a chunk that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`],
    ['interim answers alone', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)],
  ] as const) {
    it(`are none where the answer is ${what}`, async () => {
      answer = (socket) => socket.end(text, 'latin1');
      expect(await problem()).to.match(/^Error: /);
      await closed;
    });
  }

  it(`are read up to ${maxKeySetBytes} octets, then the connection is closed`, async () => {
    answer = (socket) => void socket.write(head(2 ** 40) + ' '.repeat(maxKeySetBytes + 1));
    expect(await problem()).to.equal('Error: an issuer answered more than a key set');
    await closed;
  });

  it('are waited for no longer than asked, in the midst of them', async () => {
    const over = new AbortController();
    answer = (socket) => socket.write(head(100) + keys, () => over.abort(new DOMException('late', 'TimeoutError')));
    expect(await problem(over.signal)).to.match(/^TimeoutError/);
    await closed;
  });
});
