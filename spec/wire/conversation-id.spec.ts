import { expect } from 'chai';
import { isConversationId, isUuid } from '../../lib/wire/conversation-id.js';

describe('Conversation-ID and Contribution-ID [IWF-1011]', () => {
  for (const id of [
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    '0123456789abcdef0123456789abcdef',
    'abC+/==',
    'a',
    'ab',
    'a b',
    'x'.repeat(128),
  ]) {
    it(`${id.slice(0, 40)} is taken`, () => expect(isConversationId(id)).to.equal(true));
  }
  for (const id of ['', ' a', 'a ', 'a\r\nb', 'a\u0000', 'é', 'x'.repeat(129)]) {
    it(`${JSON.stringify(id.slice(0, 40))} is not`, () => expect(isConversationId(id)).to.equal(false));
  }
  it('knows a UUID (RFC 4122 §3)', () => {
    expect(isUuid('f81d4fae-7dec-11d0-a765-00a0c91e6bf6')).to.equal(true);
    expect(isUuid('F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6')).to.equal(true);
    expect(isUuid('0123456789abcdef0123456789abcdef')).to.equal(false);
    expect(isUuid('xf81d4fae-7dec-11d0-a765-00a0c91e6bf6')).to.equal(false);
    expect(isUuid('f81d4fae-7dec-11d0-a765-00a0c91e6bf6x')).to.equal(false);
  });
});
