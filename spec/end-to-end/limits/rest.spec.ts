/** Limits of the REST and the admin face: what a platform, or an operator's tool, sees at each of them. */
import { expect } from 'chai';
import { bot, contact, key } from '../world.js';
import { crowd, itTells, type Limited, type LimitCase, type RawSocket, startLimited } from './limited.js';

const rest = {
  maxConnections: 24,
  maxConnectionsPerSource: 12,
  maxInFlight: 4,
  maxPipelined: 6,
  maxBodyBytes: 700_000,
  maxTotalBufferedBytes: 1_048_576,
  maxHeaderBytes: 4_096,
  headersTimeoutS: 1,
  requestTimeoutS: 3,
};
const admin = {
  maxConnections: 8,
  maxConnectionsPerSource: 4,
  maxPipelined: 6,
  maxHeaderBytes: 2_048,
  headersTimeoutS: 1,
};

describe('limits of REST and of the admin port [IWF-1726]', () => {
  let on: Limited;
  before(async () => (on = await startLimited({ config: { rest, admin, msrp: { maxMessageBytes: 5_000 } } })));
  after(() => on.stop());

  const cases: readonly LimitCase[] = [
    {
      limit: 'rest.maxConnectionsPerSource',
      sees: 'closed at once',
      meets: (on) => crowd(on, on.world.ports.rest, Array<string>(13).fill('127.0.0.2')),
    },
    {
      limit: 'rest.maxConnections',
      sees: 'closed at once',
      meets: (on) => crowd(on, on.world.ports.rest, spread(25, 12)),
    },
    {
      limit: 'rest.maxBodyBytes',
      who: bot,
      sees: '413',
      meets: (on) => ask(on, post('x', { length: 700_001 })),
    },
    {
      limit: 'rest.maxHeaderBytes',
      sees: '431, closed',
      meets: (on) => ask(on, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(5_000)}\r\n\r\n`, 'closed'),
    },
    {
      limit: 'rest.requestTimeoutS',
      sees: '408, closed',
      meets: (on) => ask(on, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow:', 'closed'),
    },
    {
      limit: 'rest.maxInFlight',
      sees: '503, Retry-After 1',
      async meets(on) {
        const begun: RawSocket[] = [];
        while (begun.length < 5) begun.push(await begin(on, 'x', 10));
        const seen = await Promise.race(begun.map((socket) => socket.until(/\r\n\r\n/)));
        // The others are ended, so that their places are free for whoever comes next.
        await Promise.all(begun.map((socket) => socket.write('x'.repeat(9))));
        await Promise.all(begun.map((socket) => socket.until(/\r\n\r\n/)));
        for (const socket of begun) socket.close();
        return told(seen);
      },
    },
    {
      limit: 'rest.maxPipelined',
      sees: 'closed',
      meets: (on) => pipeline(on, on.world.ports.rest),
    },
    {
      limit: 'rest.maxTotalBufferedBytes',
      who: bot,
      sees: '503, Retry-After 1',
      async meets(on) {
        const begun = [await begin(on, 'x'.repeat(600_000), 700_000), await begin(on, 'x'.repeat(600_000), 700_000)];
        return refusedOf(begun);
      },
    },
    {
      limit: 'msrp.maxMessageBytes',
      who: bot,
      sees: '400 SVC0280',
      async meets({ world }) {
        const { status, body } = await world.platform.send(contact, { text: 'x'.repeat(6_000) });
        return `${status} ${(body as Refusal).requestError.serviceException.messageId}`;
      },
    },
    {
      limit: 'admin.maxConnectionsPerSource',
      sees: 'closed at once',
      meets: (on) => crowd(on, on.world.gateway.ports.admin, Array<string>(5).fill('127.0.0.2')),
    },
    {
      limit: 'admin.maxConnections',
      sees: 'closed at once',
      meets: (on) => crowd(on, on.world.gateway.ports.admin, spread(9, 4)),
    },
    {
      limit: 'admin.maxPipelined',
      sees: 'closed',
      meets: (on) => pipeline(on, on.world.gateway.ports.admin),
    },
    {
      limit: 'admin.maxHeaderBytes',
      sees: '431, closed',
      async meets(on) {
        const socket = await on.open(on.world.gateway.ports.admin);
        await socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(3_000)}\r\n\r\n`);
        return `${told(await socket.closed())}, closed`;
      },
    },
    {
      limit: 'admin.requestTimeoutS',
      sees: '408, closed',
      async meets(on) {
        const socket = await on.open(on.world.gateway.ports.admin);
        await socket.write('GET /livez HTTP/1.1\r\nX-Slow:');
        return `${told(await socket.closed())}, closed`;
      },
    },
  ];

  itTells(cases, () => on);

  it('a flood of refusals is one line of the log, and all of them in the metric', async () => {
    const before = await on.reached('rest.maxBodyBytes');
    for (let times = 0; times < 5; times++) await ask(on, post('x', { length: 700_001 }));
    expect(await on.reached('rest.maxBodyBytes')).to.equal(before + 5);
    const lines = on.log.lines.filter(
      ({ event, fields }) => event === 'limit reached' && fields['limit'] === 'rest.maxBodyBytes',
    );
    expect(lines).to.have.length(1);
  });

  it('whatever was refused, an honest request is served', async () => {
    expect((await on.world.platform.send(contact, { text: 'honest' })).status).to.equal(201);
  });
});

/** So many requests at once on one connection that more wait behind those begun than may. */
async function pipeline(on: Limited, port: number): Promise<string> {
  const socket = await on.open(port);
  await socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50));
  await socket.closed();
  return 'closed';
}

interface Refusal {
  readonly requestError: { readonly serviceException: { readonly messageId: string } };
}

/** `count` sources, each of them at most `each` times. */
function spread(count: number, each: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `127.0.0.${2 + Math.floor(at / each)}`);
}

/** A message that announces so many octets and has these. */
function post(body: string, { length }: { length: number }): string {
  const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages`;
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

async function begin(on: Limited, body: string, length: number): Promise<RawSocket> {
  const socket = await on.open(on.world.ports.rest);
  await socket.write(post(body, { length }));
  return socket;
}

async function ask(on: Limited, text: string, until?: 'closed'): Promise<string> {
  const socket = await on.open(on.world.ports.rest);
  await socket.write(text);
  if (until) return `${told(await socket.closed())}, closed`;
  const seen = told(await socket.until(/\r\n\r\n/));
  socket.close();
  return seen;
}

/** The answer of the first that gets one; all are closed. */
async function refusedOf(sockets: readonly RawSocket[]): Promise<string> {
  const text = await Promise.race(sockets.map((socket) => socket.until(/\r\n\r\n/)));
  for (const socket of sockets) socket.close();
  return told(text);
}

/** Status, and Retry-After where there is one. */
function told(text: string): string {
  const retryAfter = /^Retry-After: (.*)\r$/im.exec(text)?.[1];
  return [text.slice(9, 12), ...(retryAfter === undefined ? [] : [`Retry-After ${retryAfter}`])].join(', ');
}
