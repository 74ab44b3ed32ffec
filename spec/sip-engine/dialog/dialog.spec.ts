import { expect } from 'chai';
import { DialogTable, routeOf, type Dialog } from '../../../lib/sip-engine/dialog/dialog.js';
import { sessionEndMs } from '../../../lib/sip-engine/dialog/session-timer.js';
import { makeMessage } from '../../../lib/sip-engine/message/print.js';

function dialog(members: Partial<Dialog>): Dialog {
  return {
    ...{ id: 'c;from-tag=l', callId: 'c', localTag: 'l', remoteTag: 'r', local: '<sip:us>;tag=l' },
    ...{ remote: '<sip:them>;tag=r', remoteTarget: 'sip:them@target', routes: [], localCseq: 1, remoteCseq: undefined },
    ...({ state: 'confirmed', inviting: undefined, unacknowledged: undefined, sessionTimer: undefined } as const),
    ...members,
  };
}

describe('The way of a request in a dialog (RFC 3261 §12.2.1.1)', () => {
  const remoteTarget = 'sip:them@target';
  const rows: readonly (readonly [routes: readonly string[], route: ReturnType<typeof routeOf>])[] = [
    [[], { requestUri: remoteTarget, routes: [], next: remoteTarget }],
    [['<sip:p1;lr>', '<sip:p2>'], { requestUri: remoteTarget, routes: ['<sip:p1;lr>', '<sip:p2>'], next: 'sip:p1;lr' }],
    [
      ['<sip:p1>', '<sip:p2;lr>', '<sip:p3>'],
      { requestUri: 'sip:p1', routes: ['<sip:p2;lr>', '<sip:p3>', '<sip:them@target>'], next: 'sip:p1' },
    ],
  ];
  for (const [routes, route] of rows)
    it(routes.join(' ') || 'no route', () => expect(routeOf(dialog({ routes }))).to.deep.equal(route));
});

describe('The table of dialogs', () => {
  const routing = { callId: 'c', toTag: 'l', fromTag: 'r' } as Parameters<DialogTable['of']>[0];

  it('finds one by Call-ID and both tags (§12.2.2), until it has ended', () => {
    const table = new DialogTable();
    const one = dialog({});
    table.add(one);
    expect(table.of(routing)).to.equal(one);
    for (const other of [
      { callId: 'x' },
      { toTag: 'x' },
      { fromTag: 'x' },
      { toTag: undefined },
      { fromTag: undefined },
    ])
      expect(table.of({ ...routing, ...other })).to.equal(undefined);
    expect([table.end(one), table.end(one)]).to.deep.equal([true, false]);
    expect([table.of(routing), table.get(one.id), table.size]).to.deep.equal([undefined, undefined, 0]);
  });

  it('keeps the dialog that has taken the id of one that ends', () => {
    const table = new DialogTable();
    const [fork, other] = [dialog({}), dialog({ localTag: 'm' })];
    table.add(fork);
    table.add(other);
    table.end(fork);
    expect(table.get(other.id)).to.equal(other);
    table.clear();
    expect([table.size, table.of({ ...routing, toTag: 'm' })]).to.deep.equal([0, undefined]);
  });
});

describe('The end of a session that nobody refreshes (RFC 4028 §10)', () => {
  const rows: readonly (readonly [value: string | undefined, weAsked: boolean, endMs: number | undefined])[] = [
    // The refresher waits to the end, the other side hangs up a third before it, 32 seconds at most.
    ['1800;refresher=uac', true, 1_800_000],
    ['1800;refresher=uas', true, 1_768_000],
    ['1800;refresher=uac', false, 1_768_000],
    ['1800;Refresher=UAS', false, 1_800_000],
    ['90 ; refresher=uas', true, 60_000],
    ['91;refresher=uas', true, 61_000],
    ['96;refresher=uas', true, 64_000],
    ['99;refresher=uas', true, 67_000],
    ['0', true, undefined],
    ['soon', true, undefined],
    [undefined, true, undefined],
  ];
  for (const [value, weAsked, endMs] of rows)
    it(`${value ?? 'none'}, ${weAsked ? 'we' : 'they'} asked: ${endMs ?? 'never'}`, () => {
      const start = { method: undefined, uri: undefined, status: 200, reason: 'OK' };
      const answer = makeMessage(start, value === undefined ? ['Subject: 1'] : [`Session-Expires: ${value}`]);
      expect(sessionEndMs(answer, weAsked)).to.equal(endMs);
    });
});
