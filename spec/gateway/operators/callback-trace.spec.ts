import { expect } from 'chai';
import { callbackTrace } from '../../../lib/gateway/operators/callback-trace.js';
import type { TraceEvent } from '../../../lib/trace/trace.js';

describe('a callback in the trace', () => {
  it('hides the query of the notifyURL, which may be what a platform knows its callbacks by', () => {
    const events: TraceEvent[] = [];
    callbackTrace(
      (event) => void events.push(event),
      true,
    )({
      request: {
        platformId: 'p',
        notifyURL: 'https://hooks.example.net/rcs?sig=secret&x=1',
        notificationId: 'n1',
        body: '{}',
        contentType: 'application/json',
      },
      result: { kind: 'answered', status: 204 },
      atMs: 0,
      tookMs: 1,
    });
    expect(events.map((event) => event.text())).to.deep.equal([
      'POST https://hooks.example.net/rcs?********\r\nwebhook-id: n1\r\n\r\n{}',
      'HTTP/1.1 204\r\n\r\n',
    ]);
  });
});
