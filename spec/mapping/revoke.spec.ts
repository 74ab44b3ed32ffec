import { expect } from 'chai';
import { statusOfRevoke } from '../../lib/mapping/revoke.js';

describe('revocation', () => {
  it('the network’s answer settles the message', () => {
    expect(statusOfRevoke({ kind: 'answer', messageId: 'm', result: 'success' })).to.deep.equal({ status: 'Revoked' });
    expect(statusOfRevoke({ kind: 'answer', messageId: 'm', result: 'failed' })).to.deep.equal({
      status: 'RevokeFailed',
    });
    expect(statusOfRevoke({ kind: 'request', messageId: 'm' })).to.equal(undefined);
  });
});
