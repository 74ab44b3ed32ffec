/** Limits of the SIP side: what a peer of the network sees at each of them. */
import { randomUUID } from 'node:crypto';
import { headerOf } from '../../sip/raw-peer.js';
import { offer, requestText, type RequestParts } from '../raw-phone.js';
import { crowd, itTells, type Limited, type LimitCase, type RawSocket, startLimited } from './limited.js';

const sip = {
  maxConnections: 12,
  maxConnectionsPerSource: 5,
  maxMessageBytes: 600_000,
  maxHeadBytes: 16_000,
  maxHeaderBytes: 2_000,
  maxHeaders: 40,
  maxTotalBufferedBytes: 1_048_576,
  maxTransactions: 2,
  maxDialogs: 1,
  retryAfterS: 7,
};

describe('limits of SIP [IWF-1726]', () => {
  let on: Limited;
  before(async () => (on = await startLimited({ config: { sip } })));
  after(() => on.stop());

  itTells(
    [
      {
        limit: 'sip.maxConnectionsPerSource',
        sees: 'closed at once',
        meets: (on) => crowd(on, on.world.ports.sip, Array<string>(6).fill('127.0.0.2')),
      },
      {
        limit: 'sip.maxConnections',
        sees: 'closed at once',
        meets: (on) => {
          const sources = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].flatMap((one) => Array<string>(5).fill(one));
          return crowd(on, on.world.ports.sip, sources);
        },
      },
      {
        limit: 'sip.maxMessageBytes',
        sees: '413, closed',
        meets: (on) => whole(on, message().replace('Content-Length: 0', 'Content-Length: 700000')),
      },
      {
        limit: 'sip.maxHeadBytes',
        sees: '413, closed',
        meets: (on) => whole(on, message({ lines: Array<string>(10).fill(`X: ${'x'.repeat(1_900)}`) })),
      },
      {
        limit: 'sip.maxHeaderBytes',
        sees: '413',
        meets: (on) => answered(on, message({ lines: [`X: ${'x'.repeat(2_000)}`] })),
      },
      {
        limit: 'sip.maxHeaders',
        sees: '413',
        meets: (on) => answered(on, message({ lines: Array<string>(40).fill('X: x') })),
      },
      {
        limit: 'sip.maxTotalBufferedBytes',
        sees: '503, Retry-After 7, closed',
        async meets(on) {
          const [first, second] = [await on.open(on.world.ports.sip), await on.open(on.world.ports.sip)];
          const begun = message({ type: 'text/plain', body: 'x'.repeat(590_000) }).slice(0, -1_000);
          await first.write(begun);
          await second.write(begun);
          const refused = await Promise.race(
            [first, second].map(async (socket) => ({ socket, text: await socket.closed() })),
          );
          for (const socket of [first, second]) socket.close();
          return `${told(refused.text)}, closed`;
        },
      },
      {
        limit: 'sip.maxTransactions',
        sees: '503, Retry-After 7',
        async meets(on) {
          const socket = await on.open(on.world.ports.sip);
          // In one read: none of them can have its answer before the next is looked at.
          await socket.write([1, 2, 3].map(() => message({ type: 'text/plain', body: 'x' })).join(''));
          const text = await socket.until(/SIP\/2\.0 503/);
          return told(text.slice(text.indexOf('SIP/2.0 503')));
        },
      },
      {
        limit: 'sip.maxDialogs',
        sees: '503, Retry-After 7',
        async meets(on) {
          const socket = await on.open(on.world.ports.sip);
          const invite = { type: 'application/sdp', body: offer() };
          await socket.write(requestText('INVITE', 5060, { ...invite, callId: randomUUID() }));
          await socket.until(/SIP\/2\.0 200/);
          await socket.write(requestText('INVITE', 5060, { ...invite, callId: randomUUID() }));
          const text = await socket.until(/SIP\/2\.0 503/);
          return told(text.slice(text.indexOf('SIP/2.0 503')));
        },
      },
    ] satisfies readonly LimitCase[],
    () => on,
  );
});

function message(parts: RequestParts = {}): string {
  return requestText('MESSAGE', 5060, parts);
}

/** Status, and Retry-After where there is one. */
function told(text: string): string {
  const retryAfter = headerOf(text, 'Retry-After');
  return [text.slice(8, 11), ...(retryAfter === undefined ? [] : [`Retry-After ${retryAfter}`])].join(', ');
}

async function answered(on: Limited, text: string): Promise<string> {
  const socket = await on.open(on.world.ports.sip);
  await socket.write(text);
  return told(await socket.until(/\r\n\r\n/));
}

async function whole(on: Limited, text: string): Promise<string> {
  const socket: RawSocket = await on.open(on.world.ports.sip);
  await socket.write(text);
  return `${told(await socket.closed())}, closed`;
}
