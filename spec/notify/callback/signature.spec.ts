import { expect } from 'chai';
import { signatureKey, signatureOf } from '../../../lib/notify/callback/signature.js';

/** The vector of the Standard Webhooks reference libraries. */
const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  body: Buffer.from('{"test": 2432232314}'),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

describe('signature of a callback (Standard Webhooks) [IWF-1527]', () => {
  it('gives the published vector', () => {
    expect(signatureOf([signatureKey(vector.secret)], vector)).to.equal(vector.signature);
  });

  it('signs with every key while they rotate', () => {
    const value = signatureOf([signatureKey('other'), signatureKey(vector.secret)], vector).split(' ');
    expect(value).to.have.length(2);
    expect(value[1]).to.equal(vector.signature);
    expect(value[0])
      .to.match(/^v1,[A-Za-z0-9+/]{43}=$/)
      .and.not.equal(vector.signature);
  });

  it('takes a secret without the prefix as it stands', () => {
    expect(signatureKey('plain-secret')).to.deep.equal(Buffer.from('plain-secret'));
  });

  it('covers the octets of the body', () => {
    const changed = { ...vector, body: Buffer.from('{"test":2432232314}') };
    expect(signatureOf([signatureKey(vector.secret)], changed)).to.not.equal(vector.signature);
  });
});
