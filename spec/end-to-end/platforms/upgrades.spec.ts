/** Requests that would also speak another protocol (RFC 9110 §7.8): served as if they had not said so, in plain text and under TLS. */
import { expect } from 'chai';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { Authority } from '../../support/certificates.js';
import { startWorld, type World } from '../world.js';

const wish = 'GET /chat/v1/none/subscriptions HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';

async function ask(socket: Socket): Promise<string> {
  socket.write(wish);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString().slice(0, 12);
}

describe('a wish for another protocol that is not granted', () => {
  let world: World;
  afterEach(() => world.stop());

  it('is passed over under TLS, too', async () => {
    const authority = await Authority.make('a');
    const { cert, key } = await authority.issue('rest', ['IP:127.0.0.1']);
    const tls = (_ports: unknown, folder: string) => {
      writeFileSync(join(folder, 'cert'), cert);
      writeFileSync(join(folder, 'key'), key);
      return { rest: { tls: { cert: join(folder, 'cert'), key: join(folder, 'key') } } };
    };
    world = await startWorld({ subscribe: false, config: tls });
    const socket = connectTls({ host: '127.0.0.1', port: world.ports.rest, ca: authority.ca });
    expect([await ask(socket), await ask(socket)]).to.deep.equal(['HTTP/1.1 401', 'HTTP/1.1 401']);
    socket.destroy();
    authority.remove();
  });

  it('leaves nothing behind on the connection, however often it is asked', async () => {
    world = await startWorld({ subscribe: false });
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const socket = connect(world.ports.rest, '127.0.0.1');
    for (let at = 0; at < 20; at++) expect(await ask(socket)).to.equal('HTTP/1.1 401');
    process.off('warning', note);
    socket.destroy();
    expect(warnings.map(String)).to.deep.equal([]);
  });
});
