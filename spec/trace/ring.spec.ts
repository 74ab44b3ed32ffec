/** The trace ring: bounded, found by every key, nothing formatted until it is read. */
import { expect } from 'chai';
import { createTraceRing, type TraceRing } from '../../lib/trace/ring.js';
import type { TraceEvent } from '../../lib/trace/trace.js';

let clockMs = 0;
function event(key: string, text: string | (() => string) = key, atMs = ++clockMs): TraceEvent {
  return {
    atMs,
    border: 'sip',
    direction: 'in',
    peer: '127.0.0.1:5070',
    key,
    text: typeof text === 'string' ? () => text : text,
  };
}

const texts = (ring: TraceRing, name: string) => ring.read(name)?.events.map(({ text }) => text);

describe('trace ring', () => {
  beforeEach(() => (clockMs = 0));

  it('finds events by conversation and by each key, in the order of time', () => {
    const ring = createTraceRing({ conversations: 10, eventsPerConversation: 10 });
    ring.link('call-1', 'conv');
    ring.event(event('call-1', 'INVITE'));
    ring.link('msrp-1', 'conv');
    ring.event(event('msrp-1', 'SEND'));
    for (const name of ['conv', 'call-1', 'msrp-1']) expect(texts(ring, name)).to.deep.equal(['INVITE', 'SEND']);
    expect(ring.read('conv')).to.deep.include({ conversation: 'conv', keys: ['call-1', 'msrp-1'] });
    expect(ring.read('other')).to.equal(undefined);
  });

  it('finds what a key reported before it was linked', () => {
    const ring = createTraceRing({ conversations: 10, eventsPerConversation: 10 });
    ring.link('a', 'conv');
    ring.event(event('b', 'first'));
    ring.event(event('a', 'second'));
    expect(texts(ring, 'b')).to.deep.equal(['first']);
    ring.link('b', 'conv');
    ring.link('b', 'conv');
    ring.event(event('b', 'third'));
    expect(texts(ring, 'conv')).to.deep.equal(['first', 'second', 'third']);
    expect(ring.recent(10)).to.deep.equal([{ conversation: 'conv', events: 3, firstMs: 1, lastMs: 3 }]);
  });

  it('moves a key that goes on to another conversation, without the events of the old one', () => {
    const ring = createTraceRing({ conversations: 10, eventsPerConversation: 10 });
    ring.link('a', 'one');
    ring.event(event('a', '1'));
    ring.link('a', 'two');
    ring.event(event('a', '2'));
    expect(texts(ring, 'one')).to.deep.equal(['1']);
    expect(texts(ring, 'two')).to.deep.equal(['2']);
  });

  it('formats nothing until it is read', () => {
    const ring = createTraceRing({ conversations: 10, eventsPerConversation: 10 });
    let made = 0;
    for (let at = 0; at < 100; at++) ring.event(event('a', () => `${++made}`));
    expect(made).to.equal(0);
    ring.read('a');
    expect(made).to.equal(10);
  });

  it('keeps the latest events of a conversation [trace.eventsPerConversation]', () => {
    const ring = createTraceRing({ conversations: 10, eventsPerConversation: 3 });
    ring.link('a', 'conv');
    for (const text of ['1', '2', '3', '4', '5']) ring.event(event('a', text));
    expect(texts(ring, 'conv')).to.deep.equal(['3', '4', '5']);
  });

  it('keeps the latest conversations, and forgets the keys of the others [trace.conversations]', () => {
    const ring = createTraceRing({ conversations: 2, eventsPerConversation: 3 });
    for (const name of ['1', '2']) {
      ring.link(`key-${name}`, `conv-${name}`);
      ring.event(event(`key-${name}`));
    }
    ring.event(event('key-1'));
    ring.link('key-3', 'conv-3');
    expect(ring.read('key-2')).to.equal(undefined);
    expect(ring.read('conv-1')!.events).to.have.length(2);
    expect(ring.read('conv-3')).not.to.equal(undefined);
  });

  it('lets keys without a conversation push out one another only', () => {
    const ring = createTraceRing({ conversations: 2, eventsPerConversation: 3 });
    ring.link('a', 'conv');
    ring.event(event('a'));
    for (let at = 0; at < 100; at++) ring.event(event(`scan-${at}`));
    expect(ring.read('a')!.events).to.have.length(1);
    expect(ring.read('scan-99')!.events).to.have.length(1);
    expect(ring.read('scan-97')).to.equal(undefined);
    expect(ring.recent(10)).to.have.length(3);
    expect(ring.recent(1)[0]!.conversation).to.equal('scan-99');
  });

  it('bounds the keys of one conversation', () => {
    const ring = createTraceRing({ conversations: 2, eventsPerConversation: 3 });
    for (let at = 0; at < 1_000; at++) ring.link(`key-${at}`, 'conv');
    expect(ring.read('conv')!.keys).to.have.length(200);
    expect(ring.read('key-999')).not.to.equal(undefined);
    expect(ring.read('key-0')).to.equal(undefined);
  });

  it('keeps nothing where it is switched off', () => {
    const ring = createTraceRing({ conversations: 0, eventsPerConversation: 3 });
    ring.link('a', 'conv');
    ring.event(event('a'));
    expect(ring.recent(10)).to.deep.equal([]);
    expect(ring.read('a')).to.equal(undefined);
  });

  it('shows no credentials', () => {
    const ring = createTraceRing({ conversations: 1, eventsPerConversation: 3 });
    const head = 'GET /x?access_token=hunter2&a=1 HTTP/1.1\r\nAuthorization: Bearer\r\n hunter2\r\nCookie: hunter2\r\n';
    ring.event(
      event('a', `${head}proxy-authorization : Digest hunter2\r\nWebhook-Signature: v1,hunter2\r\nHost: h\r\n\r\n`),
    );
    const [text] = texts(ring, 'a')!;
    expect(text).not.to.include('hunter2');
    expect(text).to.include('Host: h').and.include('a=1');
  });

  it('survives a text that cannot be made', () => {
    const ring = createTraceRing({ conversations: 1, eventsPerConversation: 3 });
    ring.event(event('a', () => { throw new Error('gone'); })); // prettier-ignore
    expect(texts(ring, 'a')).to.deep.equal(['(unreadable: gone)']);
  });
});
