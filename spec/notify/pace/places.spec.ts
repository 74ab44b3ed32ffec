import { expect } from 'chai';
import { gatesOf, groupOf, urlKeyOf } from '../../../lib/notify/pace/places.js';
import type { Subscription } from '../../../lib/resources/subscription.js';

const subscription = (members: Partial<Subscription> = {}): Subscription => ({
  ...({ id: 's', api: 'chat', platformId: 'p', bot: 'sip:b@x', notifyURL: 'https://h:1/n?x=1' } as const),
  ...({ duration: 1, expiresAtMs: 1, notificationFormat: 'JSON' } as const),
  ...{ confirmedChatSupported: false, adhocChatSupported: true },
  ...members,
});

describe('the places that a callback takes', () => {
  const parallel = { total: 4, perPlatform: 3, perOrigin: 2, perBot: 5 };
  const keys = (members?: Partial<Subscription>) => gatesOf(subscription(members), parallel, 9).map(({ key }) => key);

  it('are of all, of its platform, its origin, its bot; a bot that was told to slow down has fewer', () => {
    const max = (botMax: number) => gatesOf(subscription(), parallel, botMax).map((gate) => gate.max);
    expect(max(9)).to.deep.equal([4, 3, 2, 5]);
    expect(max(1)).to.deep.equal([4, 3, 2, 1]);
  });

  it('are shared by those of one name alone', () => {
    const own = keys();
    expect(new Set(own).size).to.equal(4);
    const rows: readonly (readonly [other: Partial<Subscription>, shared: readonly boolean[]])[] = [
      [{ id: 't', callbackData: 'x' }, [true, true, true, true]],
      [{ bot: 'sip:c@x' }, [true, true, true, false]],
      [{ notifyURL: 'https://h:1/other' }, [true, true, true, true]],
      [{ notifyURL: 'https://h:1' }, [true, true, true, true]],
      [{ notifyURL: 'https://h:2/n' }, [true, true, false, false]],
      [{ notifyURL: 'http://h:1/n' }, [true, true, false, false]],
      [{ platformId: 'q' }, [true, false, false, false]],
    ];
    for (const [other, shared] of rows)
      expect(
        keys(other).map((key, at) => key === own[at]),
        JSON.stringify(other),
      ).to.deep.equal(shared);
  });

  it('are waited for by a bot at one origin; a circuit is of one URL of one platform', () => {
    expect(groupOf(subscription({ notifyURL: 'https://h:1/z' }))).to.equal(groupOf(subscription()));
    expect(groupOf(subscription({ bot: 'sip:c@x' }))).to.not.equal(groupOf(subscription()));
    expect(urlKeyOf(subscription({ bot: 'sip:c@x' }))).to.equal(urlKeyOf(subscription()));
    for (const other of [{ notifyURL: 'https://h:1/z' }, { platformId: 'q' }])
      expect(urlKeyOf(subscription(other))).to.not.equal(urlKeyOf(subscription()));
  });
});
