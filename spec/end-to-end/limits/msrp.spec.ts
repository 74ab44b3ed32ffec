/** Limits of the MSRP side: what a peer of the network sees at each of them. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { printFrame } from '../../../lib/wire/msrp/frame.js';
import { send } from '../../msrp/peer.js';
import { cpim, type RawChat, RawPhone } from '../raw-phone.js';
import { countOf, crowd, itTells, type Limited, type LimitCase, startLimited } from './limited.js';
import { bot } from '../world.js';

const msrp = {
  maxConnections: 12,
  maxConnectionsPerSource: 5,
  maxSessions: 3,
  maxMessageBytes: 600_000,
  maxAssemblies: 2,
  maxAssemblyBytes: 1_048_576,
  maxChunksAhead: 2,
  maxHeaderBytes: 1_000,
  maxHeaders: 16,
  unboundTimeoutS: 1,
};
const from = 'msrp://127.0.0.1:9/phone;tcp';

describe('limits of MSRP [IWF-1726]', () => {
  let on: Limited;
  let phone: RawPhone;
  let chat: RawChat;
  let other: RawChat;
  before(async () => {
    on = await startLimited({ config: { msrp } });
    phone = await RawPhone.of(on.world);
    chat = await phone.chat({ user: 'sip:+15550100011@ims.example.net;user=phone' });
    other = await phone.chat({ user: 'sip:+15550100012@ims.example.net;user=phone' });
  });
  after(async () => {
    phone.close();
    await on.stop();
  });

  /** Parts of messages, on one chat; the status of the answer to the last. */
  const last = async (parts: readonly { id: string; range?: string; flag?: '$' | '+'; bytes?: number }[]) => {
    const statuses: number[] = [];
    for (const { id, range = '1-*/*', flag = '+', bytes = 10 } of parts) {
      chat.msrp.write(send({ to: chat.path, from, id, range, flag, body: 'x'.repeat(bytes) }));
      statuses.push(await chat.msrp.status());
    }
    return statuses.at(-1);
  };
  /** What was begun is given up. */
  const abandon = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      chat.msrp.write({ ...send({ to: chat.path, from, id, range: '1-*/*', body: '' }), flag: '#' });
      await chat.msrp.status();
    }
  };

  const cases: readonly LimitCase[] = [
    {
      limit: 'msrp.maxConnectionsPerSource',
      sees: 'closed at once',
      meets: (on) => crowd(on, on.world.ports.msrp, Array<string>(6).fill('127.0.0.2')),
    },
    {
      limit: 'msrp.maxConnections',
      sees: 'closed at once',
      meets: (on) => {
        const sources = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].flatMap((one) => Array<string>(5).fill(one));
        return crowd(on, on.world.ports.msrp, sources);
      },
    },
    {
      limit: 'msrp.maxMessageBytes',
      sees: '413',
      meets: async () => String(await last([{ id: 'long', range: '1-10/700000' }])),
    },
    {
      limit: 'msrp.maxAssemblies',
      sees: '408',
      async meets() {
        const status = await last([{ id: 'one1' }, { id: 'two2' }, { id: 'three3' }]);
        await abandon('one1', 'two2');
        return String(status);
      },
    },
    {
      limit: 'msrp.maxChunksAhead',
      sees: '413',
      async meets() {
        const ahead = ['101-110/500', '201-210/500', '301-310/500'];
        return String(await last(ahead.map((range) => ({ id: 'gaps', range }))));
      },
    },
    {
      limit: 'msrp.maxAssemblyBytes',
      sees: '408',
      async meets() {
        const frames = [chat, other].map(({ path }) =>
          printFrame(send({ to: path, from, id: randomUUID().slice(0, 20), body: 'x'.repeat(590_000) })),
        );
        const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = frames;
        // Both are begun, neither is whole; whose octets were one too many is asked to send it again.
        chat.msrp.write(first.subarray(0, 580_000).toString('latin1'));
        other.msrp.write(second.subarray(0, 580_000).toString('latin1'));
        await on.reached('msrp.maxAssemblyBytes');
        chat.msrp.write(first.subarray(580_000).toString('latin1'));
        other.msrp.write(second.subarray(580_000).toString('latin1'));
        const statuses = [await chat.msrp.status(), await other.msrp.status()];
        return statuses.filter((status) => status === 408).join();
      },
    },
    {
      limit: 'msrp.maxSessions',
      who: bot,
      sees: '503, Retry-After 5',
      async meets() {
        const user = (at: number) => ({
          user: `sip:+1555010002${at}@ims.example.net;user=phone`,
          callId: randomUUID(),
        });
        await phone.chat(user(1));
        const refused = await phone.invite(user(2));
        return `${refused.status}, Retry-After ${refused.header('Retry-After')}`;
      },
    },
  ];

  itTells(cases, () => on);

  for (const [limit, lines] of [
    ['msrp.maxHeaderBytes', [`X: ${'x'.repeat(1_000)}`]],
    ['msrp.maxHeaders', Array<string>(17).fill('X: x')],
  ] as const) {
    it(`${limit}: closed, msrp garbage`, async () => {
      const before = await countOf(on.world, 'iwf_msrp_garbage_total');
      const socket = await on.open(on.world.ports.msrp);
      await socket.write(['MSRP abcdefgh SEND', ...lines, ''].join('\r\n'));
      expect(await socket.closed()).to.equal('');
      expect(await countOf(on.world, 'iwf_msrp_garbage_total')).to.equal(before + 1);
    });
  }

  it('a flood of garbage is a few lines of the log, and all of it in the metric', async () => {
    const before = await countOf(on.world, 'iwf_msrp_garbage_total');
    for (let times = 0; times < 30; times++) {
      const socket = await on.open(on.world.ports.msrp);
      await socket.write('GET / HTTP/1.1\r\n\r\n');
      await socket.closed();
    }
    expect(await countOf(on.world, 'iwf_msrp_garbage_total')).to.equal(before + 30);
    expect(on.log.lines.filter(({ event }) => event === 'msrp garbage')).to.have.length.within(10, 12);
  });

  it('msrp.unboundTimeoutS: closed', async () => {
    const before = await countOf(on.world, 'iwf_msrp_connections_unbound_total');
    const socket = await on.open(on.world.ports.msrp);
    expect(await socket.closed()).to.equal('');
    expect(await countOf(on.world, 'iwf_msrp_connections_unbound_total')).to.be.above(before);
  });

  it('whatever was refused, an honest message of the chat is taken', async () => {
    expect(await chat.say(cpim('honest', { id: 'honest' }))).to.equal(200);
  });
});
