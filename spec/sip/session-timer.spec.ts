import { expect } from 'chai';
import type { HeaderLine, SipResponse } from '../../lib/sip/agent.js';
import { headerList } from '../../lib/sip/header-list.js';
import {
  acceptedTimer,
  glareWaitMs,
  refreshOutcome,
  type RefreshPlan,
  refreshPlan,
  timerHeaders,
} from '../../lib/sip/session-timer.js';

function response(status: number, ...lines: readonly HeaderLine[]): SipResponse {
  return { status, reason: '', headers: headerList(lines), body: Buffer.alloc(0) };
}

describe('session timer', () => {
  for (const [header, asked, refreshMs] of [
    ['1800;refresher=uac', 'we', 900_000],
    ['1800', 'we', 900_000],
    ['1800;refresher=uas', 'we', undefined],
    ['1800 ; Refresher=UAS', 'the peer', 900_000],
    ['1800;refresher=uac', 'the peer', undefined],
    ['1', 'we', undefined],
    ['soon', 'we', undefined],
    [undefined, 'we', undefined],
  ] as const) {
    it(`${header ?? 'no header'}, ${asked} asked: ${refreshMs === undefined ? 'not ours to refresh' : `after ${refreshMs} ms`}`, () => {
      expect(refreshPlan(header, asked === 'we')?.refreshMs).to.equal(refreshMs);
    });
  }

  for (const [asked, supported, accepted] of [
    ['600', '100rel, timer', '600;refresher=uac'],
    ['600', '', '600;refresher=uas'],
    ['600;refresher=uas', 'timer', '600;refresher=uas'],
    ['600;refresher=uac', '', '600;refresher=uac'],
    ['soon', 'timer', undefined],
  ] as const) {
    it(`of ${asked}, ${supported === '' ? 'without timer' : 'with timer'}, is answered ${accepted ?? 'with none'}`, () => {
      expect(
        acceptedTimer(
          headerList([
            ['Supported', supported],
            ['Session-Expires', asked],
          ]),
        ),
      ).to.equal(accepted);
    });
  }

  it('that nobody asks for is not answered', () => {
    expect(acceptedTimer(headerList([['Supported', 'timer']]))).to.equal(undefined);
  });

  it('is required of who asks where he has to refresh, and else of nobody', () => {
    expect(timerHeaders('600;refresher=uac')).to.deep.equal([
      ['Session-Expires', '600;refresher=uac'],
      ['Require', 'timer'],
    ]);
    expect(timerHeaders('600;refresher=uas')).to.deep.equal([['Session-Expires', '600;refresher=uas']]);
    expect(timerHeaders(undefined)).to.deep.equal([]);
  });

  const plan = { intervalMs: 1_800_000, refreshMs: 900_000, sessionExpires: '1800;refresher=uac' };
  const refresh = { plan, method: 'UPDATE', glareMs: 3050 } as const;

  it('goes on with what the answer to the refresh says', () => {
    const agreed = response(200, ['Session-Expires', '600;refresher=uas']);
    expect(refreshOutcome(agreed, refresh)).to.deep.equal({
      kind: 'refreshed',
      sessionExpires: '600;refresher=uas',
    });
    expect(refreshOutcome(response(200), refresh)).to.include({ sessionExpires: plan.sessionExpires });
  });

  it('ends where there is nobody', () => {
    expect(refreshOutcome(response(481), refresh).kind).to.equal('lost');
    expect(refreshOutcome(response(408), refresh).kind).to.equal('lost');
  });

  describe('whose refresh is refused', () => {
    /** The peer hangs up 32 s before the end (RFC 4028 §10). */
    const leftMs = 868_000;

    it('waits for the peer’s INVITE after 491, and after nothing else', () => {
      expect(refreshOutcome(response(491), refresh)).to.deep.equal({
        kind: 'again',
        afterMs: 3050,
        plan: { ...plan, refreshMs: 903_050 },
      });
      expect(refreshOutcome(response(503), refresh)).to.include({ afterMs: leftMs / 2 });
      expect(refreshOutcome(response(488), refresh)).to.include({ afterMs: leftMs / 2 });
    });

    it('is asked for after Retry-After, neither sooner nor later', () => {
      for (const value of ['30', ' 30;duration=60', '30 (in a moment)']) {
        expect(refreshOutcome(response(503, ['Retry-After', value]), refresh)).to.include({ afterMs: 30_000 });
        expect(refreshOutcome(response(500, ['Retry-After', value]), refresh)).to.include({ afterMs: 30_000 });
      }
      for (const value of ['0', 'soon'])
        expect(refreshOutcome(response(503, ['Retry-After', value]), refresh)).to.include({ afterMs: leftMs / 2 });
    });

    it('is asked for while the peer has not hung up, whatever the wait is', () => {
      expect(refreshOutcome(response(503, ['Retry-After', '3600']), refresh)).to.include({ afterMs: leftMs - 4000 });
      const short = { ...plan, intervalMs: 6000, refreshMs: 3000 };
      expect(refreshOutcome(response(491), { ...refresh, plan: short })).to.include({ afterMs: 500 });
    });

    it('is asked for more and more often, but a few times in all, and to the end where the peer is late', () => {
      for (const intervalS of [4, 90, 1800]) {
        const endMs = intervalS * 1000;
        const asked = timesOf({ ...plan, intervalMs: endMs, refreshMs: endMs / 2 });
        expect(asked.length, `of ${intervalS} s`).to.be.within(4, 13);
        const peerEndMs = endMs - Math.min(32_000, endMs / 3);
        expect(asked.filter((atMs) => atMs < peerEndMs)).to.have.length.above(2);
        expect(asked.at(-1)).to.be.within(endMs * 0.85, endMs);
      }
    });

    /** When a peer who answers 503 each time is asked. */
    function timesOf(first: RefreshPlan): readonly number[] {
      const times = [first.refreshMs];
      let now = first;
      for (;;) {
        const outcome = refreshOutcome(response(503), { ...refresh, plan: now });
        if (outcome.kind !== 'again') return times;
        now = outcome.plan;
        times.push(now.refreshMs);
      }
    }

    it('with 422 is asked for at once with the interval that the peer wants; with another 422, not at once', () => {
      const raised = { ...plan, sessionExpires: '3600;refresher=uac', minSe: '3600' };
      expect(refreshOutcome(response(422, ['Min-SE', '3600']), refresh)).to.deep.equal({
        kind: 'again',
        afterMs: 0,
        plan: raised,
      });
      expect(refreshOutcome(response(422, ['Min-SE', '7200']), { ...refresh, plan: raised })).to.deep.equal({
        kind: 'again',
        afterMs: leftMs / 2,
        plan: { ...raised, refreshMs: 900_000 + leftMs / 2, sessionExpires: '7200;refresher=uac', minSe: '7200' },
      });
      expect(refreshOutcome(response(422), refresh)).to.include({ afterMs: leftMs / 2 });
    });

    it('because UPDATE is not known goes over to re-INVITE; where that is not known either, waits', () => {
      for (const status of [405, 501]) {
        expect(refreshOutcome(response(status), refresh)).to.deep.equal({ kind: 'reinvite' });
        expect(refreshOutcome(response(status), { ...refresh, method: 'INVITE' })).to.include({ afterMs: leftMs / 2 });
      }
    });
  });

  it('after a 491 leaves 2.1 to 4 s to the peer where the call is ours, 0 to 2 s where it is his, in steps of 10 ms', () => {
    const almostOne = 1 - Number.EPSILON;
    expect([0, 0.5, almostOne].map((random) => glareWaitMs('owner', random))).to.deep.equal([2100, 3050, 4000]);
    expect([0, 0.5, almostOne].map((random) => glareWaitMs('other', random))).to.deep.equal([0, 1000, 2000]);
  });
});
