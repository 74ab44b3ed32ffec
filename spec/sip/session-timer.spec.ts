import { expect } from 'chai';
import type { HeaderLine, SipResponse } from '../../lib/sip/agent.js';
import { headerList } from '../../lib/sip/header-list.js';
import { acceptedTimer, glareWaitMs, refreshOutcome, refreshPlan, timerHeaders } from '../../lib/sip/session-timer.js';

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

  const plan = { refreshMs: 900_000, sessionExpires: '1800;refresher=uac' };

  it('goes on with what the answer to the refresh says', () => {
    const agreed = response(200, ['Session-Expires', '600;refresher=uas']);
    expect(refreshOutcome(agreed, plan, 0)).to.deep.equal({
      kind: 'refreshed',
      sessionExpires: '600;refresher=uas',
    });
    expect(refreshOutcome(response(200), plan, 0)).to.include({ sessionExpires: plan.sessionExpires });
  });

  it('ends where there is nobody, and else asks again while there is time', () => {
    expect(refreshOutcome(response(481), plan, 0).kind).to.equal('lost');
    expect(refreshOutcome(response(408), plan, 0).kind).to.equal('lost');
    expect(refreshOutcome(response(491), plan, 3050)).to.include({ kind: 'again', afterMs: 3050 });
    expect(refreshOutcome(response(503), { ...plan, refreshMs: 1000 }, 3050)).to.include({ afterMs: 500 });
    expect(refreshOutcome(response(422, ['Min-SE', '3600']), plan, 2100)).to.deep.equal({
      kind: 'again',
      afterMs: 2100,
      sessionExpires: '3600;refresher=uac',
      minSe: '3600',
    });
    expect(refreshOutcome(response(422), plan, 0)).to.include({ kind: 'again', sessionExpires: plan.sessionExpires });
  });

  it('after a 491 leaves 2.1 to 4 s to the peer where the call is ours, 0 to 2 s where it is his, in steps of 10 ms', () => {
    const almostOne = 1 - Number.EPSILON;
    expect([0, 0.5, almostOne].map((random) => glareWaitMs('owner', random))).to.deep.equal([2100, 3050, 4000]);
    expect([0, 0.5, almostOne].map((random) => glareWaitMs('other', random))).to.deep.equal([0, 1000, 2000]);
  });
});
