/** Log lines: what they show, what they hide, and that nothing breaks them. */
import { expect } from 'chai';
import { Writable } from 'node:stream';
import { createLogger, type Fields, type LogOptions } from '../lib/log.js';
import { PeerError } from '../lib/errors.js';

const quiet: LogOptions = { level: 'debug', format: 'json', maskNumbers: true, pseudonymKey: '5a'.repeat(32) };

function logged(options: Partial<LogOptions>, act: (log: ReturnType<typeof createLogger>) => void): readonly string[] {
  const lines: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  act(createLogger({ ...quiet, ...options }, output));
  return lines;
}

function fieldsOf(fields: Fields): Record<string, unknown> {
  const [line] = logged({}, (log) => log.info('e', fields));
  return JSON.parse(line!) as Record<string, unknown>;
}

describe('log', () => {
  it('is one JSON line for each event, with time, level and fields', () => {
    const lines = logged({}, (log) => log.warn('callback failed', { status: 503, again: true }));
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^\{.*\}\n$/);
    const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(time).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(rest).to.deep.equal({ level: 'warn', event: 'callback failed', status: 503, again: true });
  });

  it('leaves out what is below its level', () => {
    const lines = logged({ level: 'warn' }, (log) => {
      log.debug('a');
      log.info('b');
      log.warn('c');
      log.error('d');
    });
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).to.deep.equal(['c', 'd']);
  });

  it('is readable where that is asked for, and no value can forge a line', () => {
    const [line] = logged({ format: 'line' }, (log) =>
      log.info('message sent', { id: 'm1', note: 'a\nb', n: 3, gone: undefined }),
    );
    expect(line).to.match(/^\d\d:\d\d:\d\d\.\d{3} info {2}message sent id=m1 note="a\\nb" n=3\n$/);
    const [forged] = logged({ format: 'line' }, (log) => log.info('a\nb'));
    expect(forged!.trimEnd()).not.to.include('\n');
  });

  it('holds nothing that a terminal obeys: DEL, C1, ends of lines of other scripts, changes of direction', () => {
    const id = 'a\u007f\u0085b\u009b2Jc\u2028d\u2029e\u202ef\u2066';
    for (const format of ['json', 'line'] as const) {
      const [line] = logged({ format }, (log) => log.info('e', { id, more: { id } }));
      expect(line).not.to.match(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      expect(line).to.include('a\\u007f\\u0085b\\u009b2Jc\\u2028d\\u2029e\\u202ef\\u2066');
    }
    expect(fieldsOf({ id })).to.include({ id });
  });

  it('keeps a field that is called like a column', () => {
    expect(fieldsOf({ level: 9, message: 'm' })).to.include({ level: 'info', level_: 9, message: 'm' });
  });

  describe('numbers [IWF-1708]', () => {
    const cases: readonly [written: string, shown: RegExp][] = [
      ['+15550100001', /^\+1\*{8}01~[0-9a-f]{10}$/],
      ['+4915550100001', /^\+49\*{9}01~/],
      ['+351912345678', /^\+351\*{7}78~/],
      ['tel:+15550100001', /^tel:\+1\*{8}01~/],
      ['tel:+1-555-010-0001;x=y', /^tel:\+1\*{8}01~[0-9a-f]{10};x=y$/],
      ['tel:0301234567;phone-context=+49', /^tel:\*{8}67~[0-9a-f]{10};phone-context=\+49$/],
      ['sip:+15550100001@ims.example.net;user=phone', /^sip:\+1\*{8}01~[0-9a-f]{10}@ims\.example\.net;user=phone$/],
      ['<sip:15550100001@ims.example.net;user=phone>', /^<sip:\*{9}01~[0-9a-f]{10}@ims/],
      ['sip:15550100001@ims.example.net', /^sip:\*{9}01~[0-9a-f]{10}@ims\.example\.net$/],
      ['SIPS:0170-5550100@ims.example.net:5061', /^SIPS:\*{9}00~[0-9a-f]{10}@ims\.example\.net:5061$/],
      ['sip:(0170)555.0100@192.0.2.1:5060', /^sip:\*{9}00~[0-9a-f]{10}@192\.0\.2\.1:5060$/],
      ['sip:0175550100;phone-context=+49@h;user=phone', /^sip:\*{8}00~[0-9a-f]{10};phone-context=\+49@h;user=phone$/],
      ['sip:0175550100;npdi@ims.example.net', /^sip:\*{8}00~[0-9a-f]{10};npdi@/],
      ['sip:0175550100:word@ims.example.net', /^sip:\*{8}00~[0-9a-f]{10}:word@/],
      ['/oneToOne/sip%3A15550100001%40ims.example.net/adhoc', /^\/oneToOne\/sip%3A\*{9}01~[0-9a-f]{10}%40ims/],
      ['sip:15550100001@botplatform.example.net;user=phone', /^sip:\*{9}01~[0-9a-f]{10}@botplatform/],
      ['tel:(0170)5550100', /^tel:\*{9}00~[0-9a-f]{10}$/],
      ['tel:*5550100001;phone-context=example.com', /^tel:\*{8}01~[0-9a-f]{10};phone-context=example\.com$/],
      ['/chat/v1/x/oneToOne/tel%3A%2B15550100001/adhoc', /oneToOne\/tel%3A%2B1\*{8}01~[0-9a-f]{10}\/adhoc$/],
      ['from +15550100001 to +15550100002.', /^from \+1\*{8}01~[0-9a-f]{10} to \+1\*{8}02~[0-9a-f]{10}\.$/],
    ];
    for (const [written, shown] of cases) {
      it(`${written} is masked`, () => expect(fieldsOf({ contact: written })['contact']).to.match(shown));
    }

    for (const kept of [
      'sip:12520040106@botplatform.rcs.example.cn',
      '2026-11-22T10:00:00+01:00',
      'msrp://127.0.0.1:2855/s1;tcp',
      'sip:echo@botplatform.example.net',
      'sip%3A12520040106%40botplatform.rcs.example.cn',
      'sip:192.168.100.200:5060;transport=udp',
      'sip:192.168.100.200:5060,sip:a@b.example',
      '<sip:192.168.100.200:5060;lr>, <sip:a@b.example>',
      'sip:shop.12345678@botplatform.example.net',
      '1234567890-5060@192.0.2.1',
      'sip:55501@192.0.2.1',
      '550e8400-e29b-41d4-a716-446655440000',
      '1e+10',
    ]) {
      it(`${kept} stays`, () => expect(fieldsOf({ value: kept })['value']).to.equal(kept));
    }

    it('have one pseudonym in all their forms, another under another key', () => {
      const tail = (text: unknown) => /~([0-9a-f]{10})/.exec(String(text))![1];
      const { a, b, c, d } = fieldsOf({
        a: '+15550100001',
        b: 'tel:+1(555)010-0001',
        c: '+15550100002',
        d: 'sip:15550100001@ims.example.net',
      });
      expect(tail(a)).to.equal(tail(b)).and.to.equal(tail(d));
      expect(tail(a)).not.to.equal(tail(c));
      const [other] = logged({ pseudonymKey: 'a5'.repeat(32) }, (log) => log.info('e', { a: '+15550100001' }));
      expect(tail(other)).not.to.equal(tail(a));
    });

    it('are found in the event, in nested values, in names of fields and in errors', () => {
      const number = '+15550100001';
      const lines = logged({}, (log) =>
        log.error(`lost ${number}`, {
          list: [{ deep: number }],
          [number]: 1,
          error: new Error(`no ${number}`, { cause: number }),
        }),
      );
      expect(lines[0]).not.to.include('5550100');
    });

    it('stay where masking is off', () => {
      const [line] = logged({ maskNumbers: false }, (log) => log.info('e', { contact: '+15550100001' }));
      expect(line).to.include('+15550100001');
    });

    it('are found in linear time in hostile text', () => {
      const hostile = `${'+1234567 '.repeat(20_000)}${'sip:1234567@'.repeat(20_000)}${'sip:1234567;a'.repeat(20_000)}${'+1-'.repeat(50_000)}`;
      const start = performance.now();
      fieldsOf({ hostile });
      expect(performance.now() - start).to.be.below(2_000);
    });
  });

  it('drops bodies and secrets by the name of their field, at any depth and in any case [IWF-1709]', () => {
    const hidden = 'hunter2';
    const names = [
      'text',
      'bodyText',
      'content',
      'body',
      'Authorization',
      'key',
      'secret',
      'token',
      'password',
      'cookie',
    ];
    const fields = Object.fromEntries(names.map((name) => [name, hidden]));
    const shown = fieldsOf({ ...fields, inner: { ...fields, kept: 1 } });
    expect(JSON.stringify(shown)).not.to.include(hidden);
    expect(shown['inner']).to.deep.equal({ kept: 1 });
  });

  describe('survives', () => {
    it('errors, with stack, cause and their own fields', () => {
      const { error } = fieldsOf({ error: new PeerError('msrp', 413, 'too large') });
      expect(error).to.include({ name: 'PeerError', message: 'too large', protocol: 'msrp', status: 413 });
      expect((error as { stack: string }).stack).to.include('log.spec');
    });

    it('cycles, depth, length and bytes', () => {
      const cyclic: Record<string, unknown> = { n: 1 };
      cyclic['self'] = cyclic;
      let deep: unknown = 'end';
      for (let at = 0; at < 10_000; at++) deep = { deep };
      const shown = fieldsOf({
        cyclic,
        deep,
        long: 'x'.repeat(100_000),
        bytes: Buffer.alloc(9),
        list: Array(1000).fill(1),
      });
      expect(shown['cyclic']).to.deep.equal({ n: 1, self: '[circular]' });
      expect(JSON.stringify(shown['deep'])).to.include('[deeper]');
      expect(shown['long']).to.have.length.below(2_100);
      expect(shown['bytes']).to.equal('[9 bytes]');
      expect(shown['list']).to.have.length(51);
    });

    it('values that are no JSON, and getters that throw', () => {
      const shown = fieldsOf({
        big: 10n,
        nan: NaN,
        none: null,
        fn: () => 1,
        map: new Map([[1, 2]]),
        date: new Date(NaN),
        get bad() {
          throw new Error('no');
        },
      });
      expect(shown).to.include({
        big: '10',
        nan: 'NaN',
        none: null,
        map: '[Map of 1]',
        date: '[no date]',
        bad: '[unreadable]',
      });
    });

    it('objects that resist every look at them', () => {
      const hostile = new Proxy({}, { ownKeys: () => { throw new Error('no'); } }); // prettier-ignore
      expect(fieldsOf({ hostile })).to.include({ event: 'e', fields: '[unprintable]' });
    });
  });
});
