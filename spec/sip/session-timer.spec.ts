import { expect } from 'chai';
import type { HeaderLine, SipResponse } from '../../lib/sip/agent.js';
import { headerList } from '../../lib/sip/header-list.js';
import { acceptedTimer, glareWaitMs, refreshOutcome, refreshPlan } from '../../lib/sip/session-timer.js';

function response(status: number, ...lines: readonly HeaderLine[]): SipResponse {
  return { status, reason: '', headers: headerList(lines), body: Buffer.alloc(0) };
}

describe('session timer', () => {
  for (const [header, direction, refreshMs] of [
    ['1800;refresher=uac', 'outbound', 900_000],
    ['1800', 'outbound', 900_000],
    ['1800;refresher=uas', 'outbound', undefined],
    ['1800 ; Refresher=UAS', 'inbound', 900_000],
    ['1800;refresher=uac', 'inbound', undefined],
    ['1', 'outbound', undefined],
    ['soon', 'outbound', undefined],
    [undefined, 'outbound', undefined],
  ] as const) {
    it(`${header ?? 'no header'}, ${direction}: ${refreshMs === undefined ? 'not ours to refresh' : `after ${refreshMs} ms`}`, () => {
      expect(refreshPlan(header, direction)?.refreshMs).to.equal(refreshMs);
    });
  }

  it('is accepted as asked; who cannot refresh is spared', () => {
    expect(acceptedTimer('600', ['100rel, timer'])).to.equal('600;refresher=uac');
    expect(acceptedTimer('600', [])).to.equal('600;refresher=uas');
    expect(acceptedTimer('600;refresher=uas', ['timer'])).to.equal('600;refresher=uas');
    expect(acceptedTimer(undefined, ['timer'])).to.equal(undefined);
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
