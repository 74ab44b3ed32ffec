/** The ladder diagram: who said what to whom, and when. */
import { expect } from 'chai';
import { printLadder } from '../../lib/trace/ladder.js';
import type { ShownEvent } from '../../lib/trace/ring.js';

const startMs = Date.UTC(2026, 10, 22, 10, 0, 0);

function event(border: ShownEvent['border'], direction: ShownEvent['direction'], text: string): ShownEvent {
  return { atMs: startMs + 7, border, direction, peer: 'h:1', key: 'k', text };
}

const ladder = (...events: ShownEvent[]) =>
  printLadder({ conversation: 'conv', keys: [], events }).split('\n').slice(3, -1);

describe('ladder', () => {
  it('puts the network on the left and the platform on the right', () => {
    expect(
      ladder(
        event('http', 'in', 'POST /chat/v1/b HTTP/1.1\r\nHost: h\r\n\r\n'),
        event('sip', 'out', 'INVITE tel:+15550100001 SIP/2.0\r\n'),
        event('sip', 'in', 'SIP/2.0 200 OK\r\n'),
        event('msrp', 'in', 'MSRP a786hjs2 SEND\r\n'),
        event('http', 'out', 'HTTP/1.1 201 Created\r\n'),
      ),
    ).to.deep.equal([
      '10:00:00.007    |                                      |<---------- POST /chat/v1/b ----------|  http h:1',
      '10:00:00.007    |<------ INVITE tel:+15550100001 ------|                                      |  sip h:1',
      '10:00:00.007    |-------------- 200 OK --------------->|                                      |  sip h:1',
      '10:00:00.007    |--------------- SEND ---------------->|                                      |  msrp h:1',
      '10:00:00.007    |                                      |------------ 201 Created ------------>|  http h:1',
    ]);
  });

  it('cuts long lines and shows control characters as question marks', () => {
    const [line] = ladder(event('sip', 'in', `MESSAGE sip:${'x'.repeat(500)}\u001b[2J SIP/2.0`));
    expect(line).to.have.length.below(110);
    expect(ladder(event('sip', 'in', 'A\u001b[2J'))[0]).to.include(' A?[2J ');
    expect(ladder(event('sip', 'in', 'A\u009b2J\u2028\u202eB'))[0]).to.include(' A?2J??B ');
  });
});
