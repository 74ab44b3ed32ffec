import { expect } from 'chai';
import { attemptBySip } from '../../../lib/iwf/messages/attempt.js';
import { readFeatureTags } from '../../../lib/wire/feature-tags.js';

const tags = readFeatureTags([]);

describe('an attempt to send', () => {
  it('that is refused for now is made again after Retry-After; 0 is no wait, the backoff is [IWF-1322]', () => {
    const description = 'SIP 480 Away';
    const answer = { status: 480, reason: 'Away', tags };
    expect(attemptBySip({ ...answer, retryAfterS: 7 })).to.deep.equal({ kind: 'again', description, afterMs: 7000 });
    expect(attemptBySip({ ...answer, retryAfterS: 0 })).to.deep.equal({ kind: 'again', description });
    expect(attemptBySip(answer)).to.deep.equal({ kind: 'again', description });
  });
});
