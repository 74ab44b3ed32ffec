import { expect } from 'chai';
import { callbackTrace } from '../../../lib/gateway/operators/callback-trace.js';
import type { Exchange } from '../../../lib/notify/callback/callback.js';
import type { TraceEvent } from '../../../lib/trace/trace.js';

function textsOf(result: Exchange['result'], bodies = true): readonly string[] {
  const events: TraceEvent[] = [];
  callbackTrace(
    (event) => void events.push(event),
    bodies,
  )({
    request: {
      platformId: 'p',
      notifyURL: 'https://hooks.example.net/rcs?sig=secret&x=1',
      notificationId: 'n1',
      body: '{"a":"ü"}',
      contentType: 'application/json',
    },
    result,
    atMs: 0,
    tookMs: 1,
  });
  return events.map((event) => event.text());
}

describe('a callback in the trace', () => {
  const head =
    'POST https://hooks.example.net/rcs?******** HTTP/1.1\r\n' +
    'content-type: application/json\r\nwebhook-id: n1\r\ncontent-length: 10\r\n\r\n';

  it('hides the query of the notifyURL, which may be what a platform knows its callbacks by', () => {
    const texts = textsOf({ kind: 'answered', status: 204 });
    expect(texts).to.deep.equal([`${head}{"a":"ü"}`, 'HTTP/1.1 204\r\n\r\n']);
  });

  it('shows its body as its length unless told otherwise', () => {
    expect(textsOf({ kind: 'answered', status: 204 }, false)[0]).to.equal(`${head}[10 bytes]`);
  });

  it('says why there was no answer', () => {
    expect(textsOf({ kind: 'failed', reason: 'timeout' })[1]).to.equal('failed: timeout');
    expect(textsOf({ kind: 'failed', reason: 'connection' })[1]).to.equal('failed: connection');
    expect(textsOf({ kind: 'forbidden' })[1]).to.equal('forbidden');
  });
});
